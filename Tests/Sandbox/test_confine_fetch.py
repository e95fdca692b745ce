"""What `apus-sandbox confine` is for: pip and git fetch, into one folder, what is the caller's afterwards."""

import base64
import hashlib
import os
import subprocess
import zipfile

import pytest

from confining import confine, confine_as, files_of, repositories_of, serving  # noqa: F401

PIP = ["/usr/bin/python3", "-m", "pip", "--disable-pip-version-check"]
needs_pip = pytest.mark.skipif(subprocess.run([*PIP, "--version"], capture_output=True).returncode != 0,
                               reason="the system's Python has no pip")


def digest(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def make_index(folder):
    """A small package on a simple index, made by hand."""
    info = "apus_small-1.0.dist-info"
    files = {"apus_small/__init__.py": "ANSWER = 42\n",
             f"{info}/METADATA": "Metadata-Version: 2.1\nName: apus_small\nVersion: 1.0\n",
             f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    record = [f"{path},sha256={digest(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,\n"])
    page, file = folder / "simple/apus-small", "apus_small-1.0-py3-none-any.whl"
    page.mkdir(parents=True)
    with zipfile.ZipFile(page / file, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    (page / "index.html").write_text(f'<a href="{file}">{file}</a>')


@pytest.fixture
def index(tmp_path):
    make_index(tmp_path)
    with serving(files_of(tmp_path)) as url:
        yield f"{url}/simple"


@pytest.fixture
def repository(tmp_path):
    """A repository of two commits behind git's own web server: its address, and the first commit."""
    folder = tmp_path / "code"
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-C", str(folder)]
    run = {"check": True, "capture_output": True, "text": True}
    folder.mkdir()
    subprocess.run([*git, "init", "--quiet"], **run)
    for text in ("one", "two"):
        (folder / "file").write_text(text)
        os.chmod(folder / "file", 0o755)
        subprocess.run([*git, "add", "file"], **run)
        subprocess.run([*git, "commit", "--quiet", "--message", text], **run)
    first = subprocess.run([*git, "rev-parse", "HEAD~1"], **run).stdout.strip()
    with serving(repositories_of(tmp_path)) as url:
        yield f"{url}/code/.git", first


@needs_pip
def test_pip(confine_as, index):
    options = ["--only-binary", ":all:", "--no-deps", "--no-cache-dir", "--index-url", index, "apus-small"]
    ended = confine_as.run(*PIP, "install", "--target", "/out", *options)
    assert ended.returncode == 0, ended
    assert (confine_as.out / "apus_small/__init__.py").read_text() == "ANSWER = 42\n" and confine_as.is_owned()
    # And into what an earlier run left.
    ended = confine_as.run(*PIP, "install", "--upgrade", "--target", "/out", *options)
    assert ended.returncode == 0 and confine_as.is_owned(), ended
    ended = confine_as.run(*PIP, "download", "--dest", "/out", *options)
    assert ended.returncode == 0 and list(confine_as.out.glob("*.whl")) and confine_as.is_owned(), ended


@needs_pip
def test_pip_with_its_scratch_in_the_folder(confine, index):
    ended = confine.run("sh", "-c", 'mkdir /out/tmp && exec "$@"', "sh", *PIP, "install", "--target", "/out/packages",
                        "apus-small", options=["--env", f"PIP_INDEX_URL={index}", "--env", "TMPDIR=/out/tmp"])
    assert ended.returncode == 0 and (confine.out / "packages/apus_small").is_dir(), ended
    assert list((confine.out / "tmp").iterdir()) == []


@needs_pip
def test_a_virtual_environment_of_the_hosts(confine, index, tmp_path):
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--system-site-packages", "--without-pip", tmp_path / "venv"],
                   check=True)
    program = [tmp_path / "venv/bin/python", "-m", "pip", "download", "--dest", "/out", "apus-small"]
    options = ["--env", f"PIP_INDEX_URL={index}"]
    assert confine.run(*program, options=options).returncode == 127
    ended = confine.run(*program, options=[*options, "--ro", tmp_path / "venv"])
    assert ended.returncode == 0 and list(confine.out.glob("*.whl")), ended


@needs_pip
def test_pip_from_the_configured_index(confine_as):
    named = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name.endswith("_proxy")}
    options = [part for name, value in named.items() for part in ("--env", f"{name}={value}")]
    ended = confine_as.run(*PIP, "--retries", "0", "--timeout", "20", "install", "--target", "/out", "--only-binary",
                           ":all:", "--no-deps", "--no-cache-dir", "six", options=options)
    if ended.returncode and ("No matching distribution" in ended.stderr or "timed out" in ended.stderr):
        pytest.skip("no package index can be reached")
    assert ended.returncode == 0 and (confine_as.out / "six.py").is_file() and confine_as.is_owned(), ended


def test_git_clone(confine_as, repository):
    url, first = repository
    ended = confine_as.run("git", "clone", "--quiet", url, "/out/r")
    assert ended.returncode == 0 and (confine_as.out / "r/file").read_text() == "two", ended
    # In what an earlier run left.
    ended = confine_as.run("git", "-C", "/out/r", "checkout", "--quiet", first)
    assert ended.returncode == 0 and (confine_as.out / "r/file").read_text() == "one", ended
    assert confine_as.is_owned() and (confine_as.out / "r/file").stat().st_mode & 0o100


def test_git_fetch_of_one_commit(confine_as, repository):
    url, first = repository
    git = ["git", "-C", "/out"]
    for arguments in (["init", "--quiet"], ["fetch", "--quiet", "--depth", "1", url, first],
                      ["checkout", "--quiet", "FETCH_HEAD"]):
        ended = confine_as.run(*git, *arguments)
        assert ended.returncode == 0, ended
    assert (confine_as.out / "file").read_text() == "one" and confine_as.is_owned()
    assert confine_as.run(*git, "rev-list", "--all", "--count", "FETCH_HEAD").stdout == "1\n"


def test_what_cannot_be_fetched(confine, repository):
    url, _ = repository
    ended = confine.run("git", "clone", "--quiet", url.replace("/code/", "/none/"), "/out/r")
    assert ended.returncode == 128 and "not found" in ended.stderr
    ended = confine.run("git", "clone", "--quiet", "http://127.0.0.1:1/r", "/out/r")
    assert ended.returncode == 128 and "127.0.0.1" in ended.stderr
