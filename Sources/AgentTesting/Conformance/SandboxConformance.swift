import AgentJSON
public import AgentRuntime

/// What every `Sandbox` has to do, for each language that it runs, as checks that need no test framework.
///
/// With swift-testing: `@Test(arguments: SandboxConformance.checks) func conforms(check: SandboxConformance.Check) async
/// throws { try await check.run(on: sandbox) }`. The sandbox has to be up. A language that its status refuses is left
/// out; `Check.languages` says which are left.
public struct SandboxConformance: Sendable {
  /// A rule, and the programs that prove it.
  public struct Check: Sendable, CustomStringConvertible {
    /// The rule in words.
    public let name: String
    private let programs: [SandboxLanguage: String]
    private let body: @Sendable (Subject) async throws -> Void

    init(
      _ name: String, python: String, javascript: String, typescript: String? = nil,
      _ body: @escaping @Sendable (Subject) async throws -> Void
    ) {
      self.name = name
      programs = [.python: python, .javascript: javascript, .typescript: typescript ?? javascript]
      self.body = body
    }

    /// Checks every language that the sandbox runs. Throws `ConformanceFailure` or what the sandbox threw out of turn.
    public func run(on sandbox: any Sandbox) async throws {
      for language in Self.languages(of: sandbox) {
        guard let source = programs[language] else { continue }
        do {
          try await body(Subject(sandbox: sandbox, language: language, source: source))
          try await Subject.expectClean(sandbox, language)
        } catch let failure as ConformanceFailure {
          throw ConformanceFailure(description: "\(language.rawValue): \(failure.description)")
        }
      }
    }

    /// The languages that can be run.
    public static func languages(of sandbox: any Sandbox) -> [SandboxLanguage] {
      let status = sandbox.status
      guard status.canRun else { return [] }
      return SandboxLanguage.allCases.filter { language in
        guard let entry = status.languages[language] else { return false }
        return entry.refusal == nil
      }
    }

    /// The name.
    public var description: String { name }
  }

  /// The rules for every sandbox.
  public static let checks = valueChecks + failureChecks + limitChecks + hostChecks + fileChecks + lifeChecks
}

/// A sandbox, and one program in one language.
struct Subject: Sendable {
  let sandbox: any Sandbox
  let language: SandboxLanguage
  let source: String

  /// Programs of the checks that must not end by the time: long, but not for ever.
  static let generous = Duration.seconds(20)

  func program(entryPoint: String? = "main") -> SandboxProgram {
    SandboxProgram(language: language, source: source, entryPoint: entryPoint)
  }

  func run(
    _ input: JSONValue = .null, entryPoint: String? = "main", hasModel: Bool = false,
    files: [String: [UInt8]] = [:], host: ScriptedHost = ScriptedHost(),
    limits change: (inout SandboxLimits) -> Void = { _ in }
  ) async throws -> SandboxReport {
    var limits = SandboxLimits(timeout: Self.generous)
    change(&limits)
    let call = SandboxCall(
      program(entryPoint: entryPoint), input: input, limits: limits, hasModel: hasModel, files: files)
    return try await sandbox.run(call, host: host)
  }

  /// Runs, and expects a value.
  func value(_ input: JSONValue = .null, hasModel: Bool = false, host: ScriptedHost = ScriptedHost()) async throws
    -> JSONValue
  {
    let report = try await run(input, hasModel: hasModel, host: host)
    guard case .value(let value) = report.outcome else {
      throw ConformanceFailure(description: "came to \(report.outcome), wanted a value; stderr: \(report.stderr)")
    }
    return value
  }

  /// Runs, and expects an exception.
  func exception(_ input: JSONValue = .null) async throws -> SandboxException {
    let report = try await run(input)
    guard case .exception(let exception) = report.outcome else {
      throw ConformanceFailure(description: "came to \(report.outcome), wanted an exception")
    }
    return exception
  }

  /// Nothing of an earlier call is left.
  static func expectClean(_ sandbox: any Sandbox, _ language: SandboxLanguage) async throws {
    let source =
      language == .python
      ? "def main(n):\n  import builtins\n  seen = getattr(builtins, 'mark', 0)\n  builtins.mark = 1\n  return [n, seen]"
      : "export function main(n) { const seen = globalThis.mark ?? 0; globalThis.mark = 1; return [n, seen]; }"
    let subject = Subject(sandbox: sandbox, language: language, source: source)
    try expectEqual(try await subject.value(7), [7, 0], "the next call")
  }
}
