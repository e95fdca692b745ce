import AgentJSON
import AgentRuntime

extension SandboxConformance {
  static let hostChecks: [Check] = [
    Check(
      "a program calls the model", python: chatting.python, javascript: chatting.javascript
    ) { subject in
      let host = ScriptedHost(model: { call in
        ["content": call.messages.last?["content"] ?? .null, "role": "assistant"]
      })
      try expectEqual(try await subject.value("hello", hasModel: true, host: host), "hello", "the value")
      try expectEqual(host.modelCalls.first?.options["temperature"]?.doubleValue, 0.5, "the option")
    },
    Check(
      "a refusal of the host is an exception with its words", python: chatting.python, javascript: chatting.javascript
    ) { subject in
      let host = ScriptedHost(model: { _ in throw SandboxRefusal("no more than 3 calls") })
      let report = try await subject.run("hello", hasModel: true, host: host)
      guard case .exception(let exception) = report.outcome else {
        throw ConformanceFailure(description: "came to \(report.outcome), wanted an exception")
      }
      try expect(exception.message.contains("no more than 3 calls"), "the message is \(exception.message)")
    },
    Check(
      "any other failure of the host ends the call", python: chatting.python, javascript: chatting.javascript
    ) { subject in
      let host = ScriptedHost(model: { _ in throw Broken() })
      try await expectBroken { _ = try await subject.run("hello", hasModel: true, host: host) }
    },
    Check(
      "where there is no model, calling it is an exception", python: chatting.python, javascript: chatting.javascript
    ) { subject in
      let host = ScriptedHost()
      let report = try await subject.run("hello", host: host)
      guard case .exception = report.outcome else {
        throw ConformanceFailure(description: "came to \(report.outcome), wanted an exception")
      }
      try expectEqual(host.modelCalls, [], "the calls of the model")
    },
    Check(
      "the time goes on while the model thinks", python: chatting.python, javascript: chatting.javascript
    ) { subject in
      let host = ScriptedHost(model: { _ in
        try await Task.sleep(for: .seconds(600))
        return [:]
      })
      let report = try await subject.run("hello", hasModel: true, host: host) { $0.timeout = .milliseconds(500) }
      try expectEqual(report.outcome, .timeout, "the outcome")
    },
    Check(
      "a host that takes no more text ends the call",
      python: "def main(_):\n  while True:\n    yield 'x'",
      javascript: "export function* main() { for (;;) yield 'x'; }"
    ) { subject in
      let host = ScriptedHost(onText: { _ in throw Broken() })
      try await expectBroken { _ = try await subject.run(host: host) }
      try expectEqual(host.pieces.count, 1, "the pieces")
    },
  ]

  static let lifeChecks: [Check] = [
    Check(
      "cancelling ends the call", python: "def main(_):\n  yield 'begun'\n  while True:\n    pass",
      javascript: "export function* main() { yield 'begun'; for (;;) {} }"
    ) { subject in
      let (begun, noteBegun) = AsyncStream.makeStream(of: Void.self)
      let host = ScriptedHost(onText: { _ in noteBegun.finish() })
      // To be cancelled from outside, as a caller's task is.
      let call = Task {
        // Without this a call that fails would be waited for without end.
        defer { noteBegun.finish() }
        return try await subject.run(host: host)
      }
      for await _ in begun {}
      call.cancel()
      guard case .failure(let error) = await call.result, error is CancellationError else {
        throw ConformanceFailure(description: "the cancelled call did not throw CancellationError")
      }
    },
    Check(
      "more calls than workers wait are all answered", python: "def main(n):\n  return n * 2",
      javascript: "export function main(n) { return n * 2; }",
      typescript: "export function main(n: number) { return n * 2; }"
    ) { subject in
      let values = try await withThrowingTaskGroup(of: (Int, JSONValue).self) { group in
        for number in 0..<24 { group.addTask { (number, try await subject.value(.integer(number))) } }
        return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      try expectEqual(values, .init(uniqueKeysWithValues: (0..<24).map { ($0, .integer($0 * 2)) }), "the values")
    },
  ]

  private static let chatting = (
    python: "def main(text):\n  return llm.chat([{'role': 'user', 'content': text}], temperature=0.5)['content']",
    javascript: """
    export async function main(text) {
      return (await llm.chat([{ role: 'user', content: text }], { temperature: 0.5 })).content;
    }
    """
  )

  private struct Broken: Error {}

  private static func expectBroken(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch is Broken {
      return
    }
    throw ConformanceFailure(description: "what the host threw was not thrown on")
  }
}
