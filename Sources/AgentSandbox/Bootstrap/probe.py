"""Says which Python this is and which paths of the host it needs, one a line, for the supervisor (probe.c)."""
import importlib
import os
import platform
import sys
import sysconfig

print("V", platform.python_version())
print("X", os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))
# Modules of the standard library that bring shared libraries of the host with them.
for name in ("ctypes", "_ssl", "_hashlib", "_sqlite3", "_bz2", "_lzma", "_uuid", "_decimal", "_elementtree", "zlib"):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
needed = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
with open("/proc/self/maps") as maps:
    for line in maps:
        path = line[line.find("/"):].strip()
        if "/" in line and ".so" in os.path.basename(path):
            needed.add(os.path.dirname(os.path.realpath(path)))
for path in sorted(needed):
    print("B", path)
