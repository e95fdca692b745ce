import AgentJSON
import AgentRuntime

/// One case: so many callers, each with one call after another.
struct BenchCase {
  let call: SandboxCall
  /// The program's value; nil expects that its time runs out.
  let expected: JSONValue?
  let callers: Int
  /// Between a caller's calls.
  let pause: Duration
  /// Calls of each caller; 0 for as many as the time allows.
  let count: Int
  /// Of the whole; it counts where `count` is 0.
  let time: Duration

  /// Keys: `language`, `source`, `input`, `expected`, `timeout_ms`, `callers`, `pause_ms`, `count`, `milliseconds`.
  init(_ json: JSONValue) throws {
    func number(_ key: String) throws -> Int {
      guard let value = json[key]?.intValue, value >= 0 else { throw BenchFailure("'\(key)' is not a number: \(json)") }
      return value
    }
    guard let language = json["language"]?.stringValue.flatMap(SandboxLanguage.init(rawValue:)),
      let source = json["source"]?.stringValue, let input = json["input"]
    else { throw BenchFailure("'language', 'source' or 'input' is missing: \(json)") }
    call = SandboxCall(
      SandboxProgram(language: language, source: source), input: input,
      limits: SandboxLimits(timeout: .milliseconds(try number("timeout_ms"))))
    expected = json["expected"].flatMap { $0.isNull ? nil : $0 }
    callers = try number("callers")
    pause = .milliseconds(try number("pause_ms"))
    count = try number("count")
    time = .milliseconds(try number("milliseconds"))
  }

  /// The figures of all calls together. Throws `BenchFailure` at the first one that comes to something else.
  func figures(on sandbox: any Sandbox) async throws -> JSONObject {
    let began = ContinuousClock.now
    let samples = try await withThrowingTaskGroup(of: [CallSample].self) { group in
      for _ in 0..<callers { group.addTask { try await calls(on: sandbox, since: began) } }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    return CallSample.figures(samples, seconds: (ContinuousClock.now - began) / .seconds(1))
  }

  private func calls(on sandbox: any Sandbox, since began: ContinuousClock.Instant) async throws -> [CallSample] {
    var samples: [CallSample] = []
    while count > 0 ? samples.count < count : ContinuousClock.now - began < time {
      if pause > .zero && !samples.isEmpty { try await Task.sleep(for: pause) }
      let start = ContinuousClock.now
      let report = try await sandbox.run(call, host: NoModel())
      let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
      try check(report)
      samples.append(
        CallSample(
          milliseconds: milliseconds, wallMilliseconds: report.usage.wall / .milliseconds(1),
          wasCold: report.usage.wasCold))
    }
    return samples
  }

  private func check(_ report: SandboxReport) throws {
    let isRight = expected.map { report.outcome == .value($0) } ?? (report.outcome == .timeout)
    guard isRight else { throw BenchFailure("a call came to \(report.outcome); stderr: \(report.stderr)") }
  }
}

/// The programs ask for nothing.
private struct NoModel: SandboxHost {
  func take(_ text: String) async throws {}

  func callModel(messages: [JSONValue], options: JSONObject) async throws -> JSONObject {
    throw SandboxRefusal("There is no model here.")
  }
}
