import AgentRuntime
import AgentSandbox
import FoundationEssentials
import Logging

extension Settings {
  /// What the supervisor is called; it stands beside `apus`.
  static let supervisorName = "apus-sandbox"

  /// The sandbox, or why there is none.
  func sandbox(logger: Logger) -> Result<SupervisedSandbox, SandboxUnavailable> {
    guard runsCode else { return .failure(SandboxUnavailable("CODE_EXECUTION is off")) }
    guard let supervisor = Self.supervisor else {
      return .failure(SandboxUnavailable("the program \(Self.supervisorName) is not beside apus; install both"))
    }
    var configuration = SandboxConfiguration(supervisorPath: supervisor)
    configuration.pythonPaths = [pythonPath].compactMap { $0 }
    configuration.denoPath = sandboxDeno ?? Self.onPath("deno", first: nil)
    configuration.pythonPool = sandboxPythonIdle
    configuration.denoPool = sandboxDenoIdle
    configuration.workersMax = sandboxWorkersMax
    configuration.refillCPUPercent = sandboxRefillCPU
    return .success(SupervisedSandbox(configuration, logger: logger, onCall: SandboxMetrics.note))
  }

  /// The Python that runs user code; nil where there is none.
  var pythonPath: String? { sandboxPython ?? Self.onPath("python3", first: "/usr/bin/python3") }

  /// Where the supervisor is; nil where it is not installed.
  static var supervisor: String? {
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    guard let folder = own?.lastIndex(of: "/").map({ own?[..<$0] ?? "" }) else { return nil }
    let path = folder + "/" + supervisorName
    return FileManager.default.isExecutableFile(atPath: String(path)) ? String(path) : nil
  }

  private static func onPath(_ name: String, first: String?) -> String? {
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":").map { "\($0)/\(name)" } ?? []
    return ([first].compactMap { $0 } + folders).first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
