import AgentJSON
import AgentRuntime

extension SandboxConformance {
  static let valueChecks: [Check] = [
    Check(
      "values of every JSON type go in and come out", python: "def main(value):\n  return value",
      javascript: "export function main(value) { return value; }",
      typescript: "export function main<T>(value: T): T { return value; }"
    ) { subject in
      let values: [JSONValue] = [
        .null, true, false, 0, -1, 1.5, 9_007_199_254_740_991, "", "text", "é\u{1F600}\u{0}\n\"\\", [], [[], [1]],
        [:], ["a": ["b": [.null]], "": "empty"],
      ]
      for value in values { try expectEqual(try await subject.value(value), value, "the value") }
    },
    Check(
      "a function may be asynchronous",
      python: "import asyncio\nasync def main(n):\n  await asyncio.sleep(0)\n  return n + 1",
      javascript: "export async function main(n) { await null; return n + 1; }",
      typescript: "export async function main(n: number): Promise<number> { await null; return n + 1; }"
    ) { subject in
      try expectEqual(try await subject.value(1), 2, "the value")
    },
    Check(
      "what a generator yields comes in order, and its return value is the value",
      python: "def main(n):\n  for i in range(n):\n    yield f'{i},'\n  return n",
      javascript: "export function* main(n) { for (let i = 0; i < n; i++) yield `${i},`; return n; }"
    ) { subject in
      let host = ScriptedHost()
      try expectEqual(try await subject.value(500, host: host), 500, "the value")
      try expectEqual(host.pieces.joined(), (0..<500).map { "\($0)," }.joined(), "the text")
    },
    Check(
      "text comes as it is yielded, by an asynchronous generator, too",
      python: """
        import asyncio
        async def main(_):
          yield 'first'
          if llm.chat([{'role': 'user', 'content': 'go on?'}])['content'] == 'ok': yield 'second'
        """,
      javascript: """
        export async function* main() {
          yield 'first';
          if ((await llm.chat([{ role: 'user', content: 'go on?' }])).content === 'ok') yield 'second';
        }
        """
    ) { subject in
      let host = ScriptedHost()
      _ = try await subject.value(hasModel: true, host: host)
      try expectEqual(host.pieces, ["first", "second"], "the pieces")
      try expectEqual(host.modelCalls.count, 1, "the calls of the model")
    },
    Check(
      "what is printed is kept apart from the value",
      python: "import sys\ndef main(_):\n  print('out')\n  print('err', file=sys.stderr)\n  return 1",
      javascript: "export function main() { console.log('out'); console.error('err'); return 1; }"
    ) { subject in
      let report = try await subject.run()
      try expectEqual(report.outcome, .value(1), "the outcome")
      try expectEqual(report.stdout, "out\n", "standard output")
      try expectEqual(report.stderr, "err\n", "standard error")
      try expect(report.usage.wall > .zero && report.usage.memoryPeakKB > 0, "no usage: \(report.usage)")
    },
    Check(
      "a source without an entry point comes to its last expression", python: "x = 20\nx * 2 + 2",
      javascript: "const x = 20;\nx * 2 + 2"
    ) { subject in
      let report = try await subject.run(entryPoint: nil)
      guard case .value(let value) = report.outcome else {
        throw ConformanceFailure(description: "came to \(report.outcome), wanted a value")
      }
      try expectEqual(value.stringValue ?? value.encodedText, "42", "the value's text")
    },
  ]

  static let failureChecks: [Check] = [
    Check(
      "an exception has its name, its words and the user's own lines",
      python: "def inner():\n  raise ValueError('no good')\n\ndef main(_):\n  inner()",
      javascript: "function inner() {\n  throw new TypeError('no good');\n}\nexport function main() {\n  inner();\n}",
      typescript:
        "function inner(): void {\n  throw new TypeError('no good');\n}\nexport function main(): void {\n  inner();\n}"
    ) { subject in
      let exception = try await subject.exception()
      try expectEqual(exception.kind, .exception, "the kind")
      try expectEqual(exception.name, subject.language == .python ? "ValueError" : "TypeError", "the name")
      try expectEqual(exception.message, "no good", "the message")
      try expectEqual(exception.frames.map(\.line), [5, 2], "the lines")
      try expectEqual(exception.frames.map(\.function), ["main", "inner"], "the functions")
    },
    Check(
      "a source that does not parse is a syntax error with its line", python: "x = 1\ndef main(:\n  pass",
      javascript: "const x = 1;\nexport function main( {"
    ) { subject in
      let exception = try await subject.exception()
      try expectEqual(exception.kind, .syntax, "the kind")
      try expectEqual(exception.frames.last?.line, 2, "the line")
      let faults = try await subject.sandbox.check(subject.program())
      try expectEqual(faults.first?.line, 2, "the line of the check")
    },
    Check(
      "a missing entry point is told by the call and by the check", python: "def other(_):\n  return 1",
      javascript: "export function other() { return 1; }"
    ) { subject in
      try expectEqual(try await subject.exception().kind, .entryPoint, "the kind")
      let faults = try await subject.sandbox.check(subject.program())
      try expect(!faults.isEmpty && faults.allSatisfy { !$0.message.isEmpty }, "the check found \(faults)")
      try expectEqual(try await subject.sandbox.check(subject.program(entryPoint: "other")), [], "other's faults")
    },
    Check(
      "a check runs nothing", python: "raise SystemExit(3)\ndef main(_):\n  return 1",
      javascript: "throw new Error('ran');\nexport function main() { return 1; }"
    ) { subject in
      try expectEqual(try await subject.sandbox.check(subject.program()), [], "the faults")
    },
    Check(
      "a value that is no JSON is told", python: "def main(_):\n  return {1, 2}",
      javascript: "export function main() { return 10n; }"
    ) { subject in
      try expectEqual(try await subject.exception().kind, .unserializable, "the kind")
    },
    Check(
      "a value within itself is told", python: "def main(_):\n  a = []\n  a.append(a)\n  return a",
      javascript: "export function main() { const a = {}; a.a = a; return a; }",
      typescript: "export function main() { const a: any = {}; a.a = a; return a; }"
    ) { subject in
      try expectEqual(try await subject.exception().kind, .cyclic, "the kind")
    },
    Check(
      "a process that ends itself has crashed", python: "import os\ndef main(_):\n  os._exit(3)",
      javascript: "export function main() { Deno.exit(3); }"
    ) { subject in
      let outcome = try await subject.run().outcome
      switch outcome {
      // Where exit is not to be had, asking for it is the code's own exception.
      case .crashed, .exception: return
      default: throw ConformanceFailure(description: "came to \(outcome), wanted crashed")
      }
    },
  ]
}
