public import AgentRuntime
public import Logging
import NIOCore
public import NIOPosix

/// A sandbox on this machine: each call has a process of its own, prepared ahead and used once, under a supervisor
/// that isolates, bounds and ends it (docs/decisions).
public final class ProcessSandbox: Sandbox {
  /// What is run, and how many of it.
  public struct Configuration: Sendable, Hashable {
    /// The supervisor, `apus-sandbox`.
    public var supervisor: String
    /// Python interpreters, the preferred one first; none runs no Python.
    public var pythons: [String] = ["/usr/bin/python3"]
    /// The Deno executable; nil runs neither JavaScript nor TypeScript.
    public var deno: String?
    /// Python workers that wait.
    public var pythonIdle = 8
    /// Deno workers that wait.
    public var denoIdle = 4
    /// Workers in all.
    public var workersMax = 32
    /// Processor time that preparing workers may take while nothing runs, in per cent of one core.
    public var refillCPUPercent = 50
    /// Memory of one call at most, in MiB.
    public var memoryMaxMB = 2048

    /// With the defaults of docs/OPERATIONS.md.
    public init(supervisor: String) { self.supervisor = supervisor }
  }

  private let configuration: Configuration
  private let pool: WorkerPool
  private let group: MultiThreadedEventLoopGroup
  private let log: Logger

  /// Checks of code may take so much.
  private static let checkLimits = SandboxLimits(timeout: .seconds(10), memoryMB: 256)
  private static let pauseFirst = Duration.milliseconds(250)
  private static let pauseMax = Duration.seconds(60)

  /// Makes a sandbox; nothing is started before `run()`.
  public init(
    _ configuration: Configuration, group: MultiThreadedEventLoopGroup, log: Logger = Logger(label: "apus.sandbox")
  ) {
    self.configuration = configuration
    self.group = group
    self.log = log
    pool = WorkerPool(targets: [.python: configuration.pythonIdle, .deno: configuration.denoIdle])
  }

  /// What can be run, and how the workers stand.
  public var status: SandboxStatus { pool.status }

  /// Runs the supervisor, and again with growing pauses when it has ended, until the task is cancelled.
  public func run() async {
    let process = SupervisorProcess(path: configuration.supervisor, arguments: configuration.arguments, log: log)
    var pause = Self.pauseFirst
    while !Task.isCancelled {
      let start = ContinuousClock.now
      let why = await process.run(pool)
      pool.disconnected(why)
      if Task.isCancelled { return }
      log.warning("the sandbox is not available", metadata: ["reason": "\(pool.status.refusal ?? why)"])
      pause = ContinuousClock.now - start > Self.pauseMax ? Self.pauseFirst : min(pause * 2, Self.pauseMax)
      try? await Task.sleep(for: pause)
    }
  }

  /// Parses a program and looks for its entry point. Throws as `Sandbox` says.
  public func check(_ program: SandboxProgram) async throws -> [SandboxFault] {
    let call = WorkerCall(
      kind: WorkerKind(program.language), limits: Self.checkLimits, hasModel: false,
      frame: HostFrame.check(program), isCheck: true, group: group, pool: pool)
    let (machine, end, _) = try await call.run(host: NoHost())
    if case .checked(let faults) = machine.final { return faults }
    return [SandboxFault(message: "the code could not be checked: \(machine.outcome(end).words)")]
  }

  /// Runs a program once. Throws as `Sandbox` says.
  public func run(_ call: SandboxCall, host: any SandboxHost) async throws -> SandboxReport {
    let work = WorkerCall(
      kind: WorkerKind(call.program.language), limits: call.limits, hasModel: call.hasModel,
      frame: HostFrame.run(call), isCheck: false, group: group, pool: pool)
    let (machine, end, watch) = try await work.run(host: host)
    return SandboxReport(
      machine.outcome(end), stdout: watch.text(1), stderr: watch.text(2), files: machine.files,
      usage: SandboxUsage(wall: end.wall, cpu: end.cpu, memoryPeakKB: end.peakKB, wasCold: watch.wasCold))
  }
}

extension ProcessSandbox.Configuration {
  var arguments: [String] {
    var arguments = pythons.flatMap { ["--python", $0] }
    if let deno { arguments += ["--deno", deno] }
    return arguments + [
      "--pool-python", "\(pythons.isEmpty ? 0 : pythonIdle)", "--pool-deno", "\(deno == nil ? 0 : denoIdle)",
      "--workers-max", "\(workersMax)", "--refill-cpu-percent", "\(refillCPUPercent)", "--memory-max-mb",
      "\(memoryMaxMB)",
    ]
  }
}

extension SandboxOutcome {
  /// Why a check came to nothing.
  fileprivate var words: String {
    switch self {
    case .timeout: "it took too long"
    case .memoryLimit: "it took too much memory"
    case .crashed(let how): how
    case .value, .exception, .outputLimit, .resultTooLarge: "its answer cannot be used"
    }
  }
}
