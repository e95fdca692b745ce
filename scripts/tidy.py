"""The house rules that swift-format does not know; `make lint` runs it. Standard library only, well under a second.

usage: tidy.py            print every breach, exit 1 if there is one
       tidy.py --ratchet  write today's overlong files and functions to tidy-ratchet.txt: none may grow, none may join
"""

import re
import subprocess
import sys
from pathlib import Path

import tidy_rules as rules
from tidy_swift import blank_out, functions

ROOT = Path(__file__).resolve().parent.parent
RATCHET = ROOT / "scripts" / "tidy-ratchet.txt"
SOURCES = {".swift", ".c", ".h", ".py", ".sh"}
TEXT = SOURCES | {".md", ".json", ".yml", ".yaml", ".txt", ".example", ".toml", ""}


def committed_files() -> list[Path]:
    """What is or would be committed: git's list, without what .gitignore leaves out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def lengths(path: Path, name: str, text: str) -> dict[str, int]:
    """The overlong file and functions in it: what and how many lines."""
    found = {}
    lines = text.count("\n")
    if path.suffix in SOURCES and lines > rules.FILE_LINES_MAX:
        found[f"file {name}"] = lines
    if path.suffix == ".swift":
        for function, count in functions(text):
            if count > rules.FUNCTION_LINES_MAX:
                found[f"function {name} {function}"] = count
    return found


def length_faults(found: dict[str, int], allowed: dict[str, int]) -> list[str]:
    faults = []
    for what, count in sorted(found.items()):
        kind_max = rules.FILE_LINES_MAX if what.startswith("file ") else rules.FUNCTION_LINES_MAX
        limit = max(allowed.get(what, 0), kind_max)
        if count > limit:
            faults.append(f"{what}: {count} lines, more than {limit}")
    for what, limit in sorted(allowed.items()):
        if found.get(what, 0) < limit:
            faults.append(f"{what}: shorter than the {limit} lines in tidy-ratchet.txt; run scripts/tidy.py --ratchet")
    return faults


def call_faults(name: str, text: str) -> list[str]:
    """Forbidden calls and words of a source file, with the line of each."""
    faults = []
    code = blank_out(text).splitlines()
    lines = text.splitlines()
    for number, line in enumerate(code):
        for pattern, reason in rules.FORBIDDEN_CALLS:
            if pattern.search(line):
                faults.append(f"{name}:{number + 1}: {reason}")
        for pattern, reason in rules.CALLS_WITH_A_REASON:
            if pattern.search(line) and not has_reason(lines, number):
                faults.append(f"{name}:{number + 1}: {reason}")
    for number, line in enumerate(lines):
        if rules.FORBIDDEN_WORDS.search(line):
            faults.append(f"{name}:{number + 1}: '{rules.FORBIDDEN_WORDS.search(line)[0]}': open an issue instead")
    return faults


def has_reason(lines: list[str], number: int) -> bool:
    """Whether the line, or the block of comment lines just above it, says something in a comment."""
    above = lines[number - 1].strip() if number else ""
    return above.startswith("//") or " // " in lines[number]


def import_faults(name: str, text: str) -> list[str]:
    if ".docc/" in name:
        return []  # a tutorial's steps are a reader's program
    parts = Path(name).parts
    if parts[0] != "Sources" or len(parts) < 3:
        return []
    target, faults = parts[1], []
    for match in rules.IMPORT.finditer(blank_out(text)):
        reason = rules.import_fault(target, match["module"])
        if reason:
            line = text.count("\n", 0, match.start("module")) + 1
            faults.append(f"{name}:{line}: {reason}")
    return faults


def text_faults(name: str, text: str) -> list[str]:
    faults = []
    for pattern, reason in rules.FORBIDDEN_TEXT:
        match = pattern.search(text)
        if match:
            line = text.count("\n", 0, match.start()) + 1
            faults.append(f"{name}:{line}: '{match[0]}': {reason}")
    return faults


def error_page_faults() -> list[str]:
    """Every error code has its page, and every page its code."""
    source = ROOT / "Sources" / "AgentRuntime" / "Errors" / "ErrorCode.swift"
    codes = set(re.findall(r'rawValue: "([A-Z_]+)"', source.read_text()))
    pages = {page.stem for page in (ROOT / "docs" / "errors").glob("*.md")}
    faults = [f"docs/errors/{code}.md is missing: the code stands in {source.name}" for code in sorted(codes - pages)]
    return faults + [f"docs/errors/{page}.md: no such code in {source.name}" for page in sorted(pages - codes)]


def read_ratchet() -> dict[str, int]:
    if not RATCHET.exists():
        return {}
    rows = (line.rsplit(" ", 1) for line in RATCHET.read_text().splitlines() if line and not line.startswith("#"))
    return {what: int(count) for what, count in rows}


def write_ratchet(found: dict[str, int]) -> None:
    if found:
        head = "# What is too long today and may only shrink; written by scripts/tidy.py --ratchet.\n"
        RATCHET.write_text(head + "".join(f"{what} {count}\n" for what, count in sorted(found.items())))
    else:
        RATCHET.unlink(missing_ok=True)


def main() -> int:
    found: dict[str, int] = {}
    faults: list[str] = []
    for path in committed_files():
        if path.suffix not in TEXT:
            continue
        name = path.relative_to(ROOT).as_posix()
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found |= lengths(path, name, text)
        faults += text_faults(name, text)
        if path.suffix == ".swift":
            faults += import_faults(name, text)
            if name.startswith("Sources/"):
                faults += call_faults(name, text)
    if "--ratchet" in sys.argv:
        write_ratchet(found)
        return 0
    faults += length_faults(found, read_ratchet()) + error_page_faults()
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
