import AgentJSON
import AgentRuntime
import AgentSandbox
import Logging

/// Starts the sandbox as serve does, and runs a line of code in each language.
struct SandboxCheck: Sendable {
  let settings: Settings

  private static let patience = Duration.seconds(15)
  private static var silence: Logger { Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() } }

  func run() async -> [Finding] {
    switch settings.sandbox(logger: Self.silence) {
    case .failure(let unavailable) where settings.runsCode:
      return [.warn("sandbox", "no code can be run: \(unavailable)", "see docs/SANDBOX.md, or CODE_EXECUTION=false")]
    case .failure: return [.ok("sandbox", "CODE_EXECUTION is off: no code is run")]
    case .success(let sandbox):
      return await withTaskGroup(of: [Finding]?.self) { group in
        group.addTask {
          await sandbox.run()
          return nil
        }
        group.addTask { await check(sandbox) }
        group.addTask {
          try? await Task.sleep(for: Self.patience)
          return [.warn("sandbox", "it did not start within \(Self.patience)", "look at the log of serve")]
        }
        defer { group.cancelAll() }
        while let found = await group.next() {
          if let found { return found }
        }
        return []
      }
    }
  }

  private func check(_ sandbox: SupervisedSandbox) async -> [Finding] {
    var findings: [Finding] = []
    for language in SandboxLanguage.allCases { findings.append(await Self.check(sandbox, language)) }
    let status = sandbox.status
    guard let isolation = status.isolation else {
      let why = status.refusal ?? "unknown"
      return [.warn("sandbox", "no code can be run: \(why)", "see docs/SANDBOX.md, or CODE_EXECUTION=false")]
    }
    let limits = status.enforcement.sorted { $0.key < $1.key }.map { "\($0.key) by \($0.value)" }
    return [.ok("sandbox", "isolation: \(isolation); limits: \(limits.joined(separator: ", "))")] + findings
      + (await checkLayers(status))
  }

  private func checkLayers(_ status: SandboxStatus) async -> [Finding] {
    guard let layers = settings.layers(logger: Self.silence) else {
      return [.ok("sandbox", "packages and repositories are off (CODE_PACKAGE_INDEX, CODE_REPOSITORY_HOSTS)")]
    }
    let found = await layers.diagnose(interpreter: status.languages[.python]?.versions.first)
    return found.map { each in each.remedy.map { .warn("sandbox", each.text, $0) } ?? .ok("sandbox", each.text) }
  }

  private static func check(_ sandbox: SupervisedSandbox, _ language: SandboxLanguage) async -> Finding {
    let source = language == .python ? "def main(x):\n  return x" : "export const main = (x) => x;"
    do {
      let report = try await sandbox.run(
        SandboxCall(SandboxProgram(language: language, source: source), input: 1), host: Silent())
      let version = sandbox.status.languages[language]?.versions.first ?? "?"
      guard report.outcome == .value(1) else {
        return .warn(
          "sandbox", "\(language.rawValue) \(version): a line of code came to \(report.outcome)", "report this")
      }
      return .ok("sandbox", "\(language.rawValue) \(version) runs code")
    } catch {
      let setting = language == .python ? "SANDBOX_PYTHON" : "SANDBOX_DENO"
      return .warn("sandbox", "\(language.rawValue): \(error)", "install it, and name it by \(setting)")
    }
  }

  private struct Silent: SandboxHost {
    func take(_ text: String) async throws {}
    func callModel(messages: [JSONValue], options: JSONObject) async throws -> JSONObject {
      throw SandboxRefusal("There is no model here.")
    }
  }
}
