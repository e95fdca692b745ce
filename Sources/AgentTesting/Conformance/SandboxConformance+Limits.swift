import AgentJSON
import AgentRuntime

extension SandboxConformance {
  static let limitChecks: [Check] = [
    Check(
      "an endless loop ends by the time", python: "def main(_):\n  while True:\n    pass",
      javascript: "export function main() { for (;;) {} }"
    ) { subject in
      try expectEqual(
        try await subject.run { $0.timeout = .milliseconds(300) }.outcome, .timeout, "the outcome")
    },
    Check(
      "sleeping ends by the time", python: "import time\ndef main(_):\n  time.sleep(60)",
      javascript: "export async function main() { await new Promise(done => setTimeout(done, 60000)); }"
    ) { subject in
      try expectEqual(
        try await subject.run { $0.timeout = .milliseconds(300) }.outcome, .timeout, "the outcome")
    },
    Check(
      "memory is bounded",
      python: "def main(_):\n  kept = []\n  while True:\n    kept.append(bytearray(16 << 20))",
      javascript: "export function main() { const kept = []; for (;;) kept.push(new Uint8Array(16 << 20).fill(1)); }",
      typescript:
        "export function main() { const kept: Uint8Array[] = []; for (;;) kept.push(new Uint8Array(16 << 20).fill(1)); }"
    ) { subject in
      try expectEqual(try await subject.run { $0.memoryMB = 128 }.outcome, .memoryLimit, "the outcome")
    },
    Check(
      "a flood of output is bounded, and its beginning kept",
      python: "def main(_):\n  while True:\n    print('x' * 1000)",
      javascript: "export function main() { for (;;) console.log('x'.repeat(1000)); }"
    ) { subject in
      let report = try await subject.run { $0.outputBytesMax = 1 << 20 }
      try expectEqual(report.outcome, .outputLimit, "the outcome")
      try expect(report.stdout.hasPrefix("xxx"), "nothing of the output was kept")
      try expect(report.stdout.utf8.count <= 65_536, "\(report.stdout.utf8.count) bytes of output were kept")
    },
    Check(
      "a flood of text is bounded", python: "def main(_):\n  while True:\n    yield 'x' * 1000",
      javascript: "export function* main() { for (;;) yield 'x'.repeat(1000); }"
    ) { subject in
      let report = try await subject.run { $0.resultBytesMax = 100_000 }
      try expectEqual(report.outcome, .outputLimit, "the outcome")
    },
    Check(
      "a value that is too large is told", python: "def main(_):\n  return 'x' * 2_000_000",
      javascript: "export function main() { return 'x'.repeat(2000000); }"
    ) { subject in
      let report = try await subject.run { $0.resultBytesMax = 1_000_000 }
      try expectEqual(report.outcome, .resultTooLarge, "the outcome")
    },
    Check(
      "a value and an input of some megabytes are no trouble", python: "def main(text):\n  return text",
      javascript: "export function main(text) { return text; }",
      typescript: "export function main(text: string) { return text; }"
    ) { subject in
      let text = JSONValue.string(String(repeating: "0123456789", count: 400_000))
      try expect(try await subject.value(text) == text, "the value is another")
    },
  ]

  static let fileChecks: [Check] = [
    Check(
      "files are there, and those of the working directory are handed back",
      python: """
        def main(_):
          text = open('in.txt').read()
          open('out.bin', 'wb').write(bytes([0, 255]) + text.encode())
          return text
        """,
      javascript: """
        export function main() {
          const text = Deno.readTextFileSync('in.txt');
          Deno.writeFileSync('out.bin', new Uint8Array([0, 255, ...new TextEncoder().encode(text)]));
          return text;
        }
        """
    ) { subject in
      // What has no permissions left opens no files.
      guard subject.language == .python else { return }
      let report = try await subject.run(files: ["in.txt": Array("hi".utf8)]) { $0.filesBytesMax = 1 << 20 }
      try expectEqual(report.outcome, .value("hi"), "the outcome")
      try expectEqual(report.files["out.bin"], [0, 255] + Array("hi".utf8), "the file")
      let without = try await subject.run(files: ["in.txt": Array("hi".utf8)])
      try expectEqual(without.files, [:], "the files that nobody asked for")
    }
  ]
}
