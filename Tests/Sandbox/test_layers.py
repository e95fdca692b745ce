"""Layers: directories of packages at /layer, several at once, and those that cannot be used."""

import os
import signal

import pytest

from conftest import DENO_PATH, PYTHON_PATH
from driver import DENO, LAYER, PYTHON, Supervisor, until, zygotes

VALUE = "def main(x): return x"
ANSWER = "def main(x):\n  import apus_layered\n  return apus_layered.ANSWER"
READ_ONLY = 30


@pytest.fixture
def folder(tmp_path):
    """Where workers can read, as they are other users."""
    for parent in [tmp_path, *list(tmp_path.parents)[:3]]:
        parent.chmod(parent.stat().st_mode | 0o055)
    return tmp_path


@pytest.fixture
def supervisor(binary):
    with Supervisor(binary, "--python", PYTHON_PATH, "--deno", DENO_PATH, "--pool-python", 1, "--pool-deno", 0,
                    "--refill-cpu-percent", 0) as started:
        yield started


def layer(folder, name, answer):
    path = folder / name
    (path / "apus_package").mkdir(parents=True)
    (path / "apus_layered.py").write_text(f"ANSWER = {answer}\n")
    (path / "apus_package/__init__.py").write_text("from .inner import N\n")
    (path / "apus_package/inner.py").write_text("N = 5\n")
    (path / "json.py").write_text("raise ImportError('the standard library comes first')\n")
    (path / "layered.js").write_text(f"export const answer = {answer};\n")
    return path


def fault(supervisor, layer_id):
    def found():
        supervisor.pump(0.1)
        return next((each for each in supervisor.faults if each[1] == layer_id), None)

    return until(found)


def test_python_has_the_layer(supervisor, folder):
    path = layer(folder, "one", 42)
    supervisor.send(LAYER, PYTHON, 6, 7, more=os.fsencode(path))
    assert supervisor.run(ANSWER, layer=7).value == 42
    source = "import sys\ndef main(x): return [sys.path[0], sys.path[-1], 'site' in sys.modules]"
    assert supervisor.run(source, layer=7).value == ["/tmp/work", "/layer", False]
    source = "import apus_package, json\ndef main(x): return [apus_package.N, json.__file__.startswith('/layer')]"
    assert supervisor.run(source, layer=7).value == [5, False]
    own = "open('apus_layered.py', 'w').write('ANSWER = 1')\nimport apus_layered\ndef main(x): return apus_layered.ANSWER"
    assert supervisor.run(own, layer=7).value == 1
    source = ("import os\ndef main(x):\n  import apus_layered\n  found = []\n"
              "  for call in (lambda: open('/layer/a', 'w'), lambda: os.mkdir('/layer/b'), lambda: os.unlink('/layer/layered.js'),"
              " lambda: os.chmod('/layer/layered.js', 0o777)):\n"
              "    try: call()\n    except OSError as error: found.append(error.errno)\n  return found")
    assert set(supervisor.run(source, layer=7).value) <= {READ_ONLY, 1, 13}
    assert not list(path.rglob("__pycache__")) and (path / "layered.js").exists()
    assert supervisor.run("import os\ndef main(x): return sorted(os.listdir('/layer'))[0]", layer=7).value == "apus_layered.py"


def test_own_modules_without_a_layer(supervisor):
    request = {"files": {"helper.py": "Tj0zCg=="}}
    assert supervisor.run("import helper\ndef main(x): return helper.N", request=request).value == 3
    assert supervisor.run("def main(x): import apus_layered").error["name"] == "ModuleNotFoundError"
    assert supervisor.run("import os\ndef main(x): return os.path.exists('/layer')").value is False


def test_deno_reads_the_layer_and_nothing_else(supervisor, folder):
    path = layer(folder, "one", 43)
    supervisor.send(LAYER, DENO, 3, 7, more=os.fsencode(path))
    for language in ("javascript", "typescript"):
        source = "import { answer } from 'file:///layer/layered.js'; export function main() { return answer }"
        assert supervisor.run(source, language, layer=7).value == 43
    source = """export function main() {
      const tried = [() => Deno.readTextFileSync('/layer/layered.js'), () => Deno.writeTextFileSync('/layer/a', ''),
        () => Deno.removeSync('/layer/layered.js'), () => Deno.readTextFileSync('/boot/deno.js'),
        () => Deno.readTextFileSync('/layer/../boot/deno.js')];
      return tried.map((call) => { try { call(); return 'done' } catch (error) { return error.name } });
    }"""
    assert supervisor.run(source, "javascript", layer=7).value == ["done"] + ["NotCapable"] * 4


def test_several_layers_at_once(supervisor, folder):
    for number in (1, 2, 3):
        for language in (PYTHON, DENO):
            supervisor.send(LAYER, language, 2, number, more=os.fsencode(layer(folder, f"{number}-{language}", number * 10)))
    for number in (3, 1, 2, 2, 1, 3):
        assert supervisor.run(ANSWER, layer=number).value == number * 10
        source = "import { answer } from 'file:///layer/layered.js'; export const main = () => answer"
        assert supervisor.run(source, "javascript", layer=number).value == number * 10
    assert supervisor.run(VALUE, input=1).value == 1 and not supervisor.faults


def test_layers_that_cannot_be_used(supervisor, folder):
    file, shut = folder / "file", folder / "shut"
    file.write_text("")
    shut.mkdir(mode=0o700)
    wrong = {1: (b"/nonexistent/layer", "No such file"), 2: (os.fsencode(file), "not a directory"),
             3: (b"relative", "not an absolute path"), 4: (b"", "not an absolute path")}
    if os.geteuid() == 0:
        wrong[5] = (os.fsencode(shut), "may not be read")
    for language in (PYTHON, DENO):
        for number, (path, text) in wrong.items():
            supervisor.faults.clear()
            supervisor.send(LAYER, language, 1, number, more=path)
            found = fault(supervisor, number)
            assert found[0] == language and text in found[2] and os.fsdecode(path) in found[2]
    supervisor.faults.clear()
    supervisor.send(LAYER, PYTHON, 1, 0, more=os.fsencode(folder))
    assert "number" in fault(supervisor, 0)[2]
    assert supervisor.run(VALUE, input=1).value == 1
    assert not any(queue for kind, queue in supervisor.idle.items() if kind >> 16)


def test_a_layer_that_is_made_later(supervisor, folder):
    supervisor.send(LAYER, PYTHON, 1, 3, more=os.fsencode(folder / "late"))
    assert fault(supervisor, 3)
    supervisor.send(LAYER, PYTHON, 1, 3, more=os.fsencode(layer(folder, "late", 8)))
    assert supervisor.run(ANSWER, layer=3).value == 8


def test_the_fall_of_a_layers_zygote_harms_no_others(supervisor, folder):
    assert supervisor.run(VALUE, input=1).value == 1
    others = zygotes(supervisor.process.pid)
    path = os.fsencode(layer(folder, "one", 6))
    supervisor.send(LAYER, PYTHON, 1, 9, more=path)
    held = supervisor.worker(layer=9)
    zygote, = zygotes(supervisor.process.pid) - others
    os.kill(zygote, signal.SIGKILL)
    assert fault(supervisor, 9)[0] == PYTHON
    for n in range(5):
        assert supervisor.run(VALUE, input=n).value == n
    # What was made before goes on, and more are made once its zygote is up again.
    supervisor.idle[PYTHON | 9 << 16].append(held)
    supervisor.send(LAYER, PYTHON, 1, 9, more=path)
    assert [supervisor.run(ANSWER, layer=9).value for _ in range(2)] == [6, 6]
    assert [each[1] for each in supervisor.faults] == [9]


def test_a_layer_that_is_gone_is_given_up(binary, folder):
    """While more are wanted than there is room for, its zygote falls and finds the directory gone."""
    path, away = layer(folder, "one", 6), folder / "away"
    with Supervisor(binary, "--python", PYTHON_PATH, "--pool-python", 1, "--workers-max", 4) as supervisor:
        base = supervisor.worker()
        others = zygotes(supervisor.process.pid)
        supervisor.send(LAYER, PYTHON, 20, 9, more=os.fsencode(path))
        held = [supervisor.worker(layer=9) for _ in range(2)]
        path.rename(away)
        zygote, = zygotes(supervisor.process.pid) - others
        os.kill(zygote, signal.SIGKILL)
        assert until(lambda: supervisor.pump(0.1) is not None and len(supervisor.faults) == 3, 20)
        assert [(language, number) for language, number, _ in supervisor.faults] == [(PYTHON, 9)] * 3
        assert "No such file" in supervisor.faults[-1][2] and "/one" in supervisor.faults[-1][2]
        for _, channel, _, _ in held:
            channel.close()
        supervisor.idle[PYTHON].append(base)
        assert supervisor.run(VALUE, input=2).value == 2
        away.rename(path)
        supervisor.send(LAYER, PYTHON, 1, 9, more=os.fsencode(path))
        assert supervisor.run(ANSWER, layer=9).value == 6 and len(supervisor.faults) == 3
