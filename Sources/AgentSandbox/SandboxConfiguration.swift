/// How the sandbox is set up.
public struct SandboxConfiguration: Sendable, Hashable {
  /// The supervisor's executable.
  public var supervisorPath: String
  /// Python interpreters, the preferred one first; without one Python is refused.
  public var pythonPaths: [String] = []
  /// Deno; without it JavaScript and TypeScript are refused.
  public var denoPath: String?
  /// Python workers that wait.
  public var pythonPool = 8
  /// JavaScript and TypeScript workers that wait.
  public var denoPool = 4
  /// Workers at once, those that wait among them.
  public var workersMax = 32
  /// Calls that may wait for a worker.
  public var waitingMax = 1000
  /// How long a call may wait for a worker.
  public var waitMax = Duration.seconds(30)
  /// How much of one processor the refilling of the pool may take, in percent; 0 sets no bound.
  public var refillCPUPercent = 50
  /// Memory of one call at most, in MiB.
  public var memoryMaxMB = 2048
  /// Where the supervisor mounts things when it runs as root; nil leaves it to the supervisor.
  public var stateDirectory: String?

  /// Makes a configuration with no interpreter.
  public init(supervisorPath: String) { self.supervisorPath = supervisorPath }

  /// The most workers that the supervisor has places for.
  public static let workersCeiling = 256

  /// The supervisor's arguments.
  var arguments: [String] {
    var arguments = pythonPaths.flatMap { ["--python", $0] }
    if let denoPath { arguments += ["--deno", denoPath] }
    arguments += ["--pool-python", "\(pythonPool)", "--pool-deno", "\(denoPool)", "--workers-max", "\(workersMax)"]
    arguments += ["--refill-cpu-percent", "\(refillCPUPercent)", "--memory-max-mb", "\(memoryMaxMB)"]
    if let stateDirectory { arguments += ["--state-dir", stateDirectory] }
    return arguments
  }
}
