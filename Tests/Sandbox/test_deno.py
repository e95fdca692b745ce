"""What JavaScript and TypeScript programs may do, and what their callers see."""

import base64

import pytest

BOTH = pytest.mark.parametrize("language", ["javascript", "typescript"])


@BOTH
@pytest.mark.parametrize("source, value", [
    ("export function main(x) { return {'é': x} }", {"é": 1}),
    ("export async function main(x) { await new Promise(r => setTimeout(r, 2)); return x + 1 }", 2),
    ("export const main = x => [x, null, 'a']", [1, None, "a"]),
    ("export function main(x) {}", None),
    ("import { Buffer } from 'node:buffer'; export function main(x) { return Buffer.from('ab').toString('hex') }", "6162"),
    ("export function main(x) { Deno.writeTextFileSync('a', 't'); return Deno.readTextFileSync('/tmp/work/a') }", "t"),
    ("const m = (x) => 3\nexport { m as main }", 3),
])
def test_values(sandbox, language, source, value):
    assert sandbox.run(source, language, input=1).value == value


def test_typescript(sandbox):
    source = ("interface In { n: number }\nenum Color { Red = 5 }\nnamespace A { export const b = 1 }\n"
              "export async function main<T extends In>(x: T): Promise<number> {\n"
              "  return (x.n as number) + Color.Red + A.b + x!.n\n}")
    assert sandbox.run(source, "typescript", input={"n": 2}).value == 10


def test_output(sandbox):
    report = sandbox.run("export function main() { console.log('o'); console.error('e') }", "javascript")
    assert (report.stdout, report.stderr, report.cause) == (b"o\n", b"e\n", "killed")


@BOTH
def test_streams(sandbox, language):
    report = sandbox.run("export function* main() { yield 'a'; yield 'b'; return 7 }", language)
    assert (report.text, report.value) == (["a", "b"], 7)
    report = sandbox.run("export async function* main() { yield 'a'; yield 'ü' }", language)
    assert (report.text, report.value) == (["a", "ü"], None)
    assert sandbox.run("export function* main() { yield 1 }", language).error["kind"] == "unserializable"


@pytest.mark.parametrize("language, colon", [("javascript", ""), ("typescript", ": any")])
def test_exception_has_the_users_frames_alone(sandbox, language, colon):
    source = f"function inner(x{colon}) {{\n    throw new RangeError('no ' + x)\n}}\n\nexport function main(x{colon}) {{\n  return inner(x)\n}}\n"
    error = sandbox.run(source, language, input=0).error
    assert (error["kind"], error["name"], error["message"]) == ("exception", "RangeError", "no 0")
    assert error["frames"] == [
        {"line": 6, "column": 10, "function": "main", "text": "return inner(x)"},
        {"line": 2, "column": 11, "function": "inner", "text": "throw new RangeError('no ' + x)"}]
    error = sandbox.run(f"\nexport async function main(x{colon}) {{\n  await 1\n  null.a }}", language).error
    assert [(frame["line"], frame["function"]) for frame in error["frames"]] == [(4, "main")]
    error = sandbox.run("\nthrow new Error('top')", language).error
    assert [(frame["line"], frame["function"]) for frame in error["frames"]] == [(2, "<module>")]


@BOTH
@pytest.mark.parametrize("source, kind, name", [
    ("export function main(x { }", "syntax", "SyntaxError"),
    ("let a; let a; export function main() {}", "syntax", "SyntaxError"),
    ("export function other() {}", "entry_point", "ReferenceError"),
    ("function main() {}", "entry_point", "ReferenceError"),
    ("export const main = 3", "entry_point", "ReferenceError"),
    ("export function main() { return 1n }", "unserializable", "TypeError"),
    ("export function main() { return () => 1 }", "unserializable", "TypeError"),
    ("export function main() { return '\\ud800' }", "unserializable", "TypeError"),
    ("export function main() { const a = []; a.push(a); return a }", "cyclic", "TypeError"),
    ("export function main() { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a }", "unserializable", "RangeError"),
    ("export function main() { return 'a'.repeat(2000000) }", "result_too_large", "RangeError"),
    ("export function main() { throw 'text' }", "exception", "String"),
    ("export function main() { throw null }", "exception", "Null"),
    ("export function main() { return new Promise(() => {}) }", "exception", "Error"),
    ("export async function main() { setTimeout(() => { throw new TypeError('t') }, 1); await new Promise(() => {}) }", "exception", "TypeError"),
    ("export async function main() { Promise.reject(new TypeError('t')); await new Promise(r => setTimeout(r, 1000)) }", "exception", "TypeError"),
    ("export async function main() { return await llm.chat([]) }", "exception", "ModelError"),
    ("import 'https://example.com/a.js'; export function main() {}", "exception", "TypeError"),
    ("import 'npm:lodash'; export function main() {}", "exception", "TypeError"),
])
def test_errors(sandbox, language, source, kind, name):
    error = sandbox.run(source, language).error
    assert (error["kind"], error["name"]) == (kind, name)
    assert "blob:" not in str(error) and "/boot" not in str(error)


@BOTH
def test_syntax_error_has_a_place(sandbox, language):
    error = sandbox.run("export function main(x) {\n  return (;\n}", language).error
    assert (error["line"], error["column"], error["message"]) == (2, 11, "Expression expected")


@BOTH
def test_model(sandbox, language):
    def model(messages, options):
        if options.get("fail"):
            raise RuntimeError("no more calls")
        return {"content": messages[0]["content"] + "!"}

    def ask(source):
        return sandbox.run(source, language, model=model, request={"llm": True})

    source = ("export async function main() { const r = await Promise.all(['0','1','2'].map(i => llm.chat(i)));"
              " return r.map(a => a.content) }")
    assert ask(source).value == ["0!", "1!", "2!"]
    source = "export async function main() { await llm.chat('a'); return (await llm.chat([{role:'user',content:'b'}])).content }"
    assert ask(source).value == "b!"
    error = ask("export async function main() { await llm.chat('a', {fail: 1}) }").error
    assert (error["name"], error["message"]) == ("ModelError", "no more calls")


@BOTH
def test_interpreter(sandbox, language):
    def ask(source, **more):
        return sandbox.run(source, language, request={"interpreter": True, "entry_point": None, **more})

    assert ask("let x = 6;\nconsole.log('p');\nx * 7;").value == "42"
    assert ask("let x = 6").value is None
    assert ask("const r = await Promise.resolve(5);\nr + 1").value == "6"
    assert ask("import { basename } from 'node:path';\n[\n basename('/a/b'),\n]").value == '[ "b" ]'
    assert ask("\nthrow new Error('x')").error["frames"][0]["line"] == 2
    assert ask("let x = ;").error["kind"] == "syntax"
    report = ask("Deno.writeTextFileSync('out.txt', Deno.readTextFileSync('in.txt').repeat(2)); undefined",
                 files={"in.txt": base64.b64encode(b"ab").decode()}, keep_files_bytes=100)
    assert report.last["files"] == {"in.txt": "YWI=", "out.txt": base64.b64encode(b"abab").decode()}


def test_interpreter_with_types(sandbox):
    request = {"interpreter": True, "entry_point": None}
    assert sandbox.run("const a: number = 4;\ntype B = string;\na as number", "typescript", request=request).value == "4"
    assert sandbox.run("enum E { A = 3 }\nawait 1\nE.A", "typescript", request=request).value == "3"


@BOTH
def test_check(sandbox, language):
    assert sandbox.check("export function main(x) { return 1 }\nconsole.log('no')\nthrow 1", language) == []
    assert sandbox.check("export function other() {}", language) == [{"message": "the module has no exported function named main"}]
    fault, = sandbox.check("export function main(x) {\n  return (;\n}", language)
    assert (fault["line"], fault["column"]) == (2, 11)
    fault, = sandbox.check("import 'https://example.com/a.js'\nexport function main() {}", language)
    assert fault["line"] == 1


@BOTH
def test_limits(sandbox, language):
    report = sandbox.run("export function main() { while (true); }", language, timeout_ms=300)
    assert report.cause == "timeout" and not report.frames
    report = sandbox.run("export function main() { while (true) console.log('x'.repeat(1000)) }", language, output_kb=256)
    assert report.cause == "output" and len(report.stdout) == 65536
    report = sandbox.run("export async function main() { await new Promise(r => setTimeout(r, 60000)) }", language, kill_after=0.05)
    assert report.cause == "killed"
    report = sandbox.run("export function main() { Deno.exit(9) }", language, hasty=True)
    assert (report.cause, report.code, report.frames) == ("exited", 9, [])
    for source in ("const a = []; while (true) a.push(new Uint8Array(1 << 24).fill(1))",
                   "const a = []; while (true) a.push([1,2,3,a.length])"):
        report = sandbox.run(f"export function main() {{ {source} }}", language, memory_mb=128, timeout_ms=20000)
        told = report.frames and report.error["name"] == "RangeError"
        assert report.cause == "memory" or told, report


@BOTH
def test_a_refused_allocation_is_an_exception(sandbox, language):
    """By its name and these words the host knows it for what it is."""
    for size in (200, 2000):
        source = f"export function main() {{\n  return new Uint8Array({size} << 20).length }}"
        error = sandbox.run(source, language, memory_mb=64).error
        assert (error["kind"], error["name"], error["message"]) == (
            "exception", "RangeError", "Array buffer allocation failed")
        assert [frame["line"] for frame in error["frames"]] == [2]
