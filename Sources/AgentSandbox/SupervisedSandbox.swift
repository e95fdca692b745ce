public import AgentRuntime
public import Logging
import Synchronization

/// The sandbox of this machine: programs run in processes that the supervisor `apus-sandbox` keeps ready and isolates.
///
/// It works while `run()` runs, which starts the supervisor again whenever it dies.
public final class SupervisedSandbox: Sandbox {
  /// What a call came to, for metrics.
  public struct CallRecord: Sendable, Hashable {
    /// The program's language.
    public var language: SandboxLanguage
    /// The outcome's name, such as `ok` or `timeout`; `refused` or `cancelled` where there is none.
    public var outcome: String
    /// What it took.
    public var usage: SandboxUsage
  }

  struct State {
    var pool: WorkerPoolStateMachine
    var link: SupervisorLink?
    var waiting: [UInt64: Waiting] = [:]
    var running: [UInt32: Running] = [:]
    var nextCall: UInt64 = 0
  }

  /// A call that has no worker yet.
  struct Waiting {
    var request: [UInt8]
    var limits: SandboxLimits
    var frameBytesMax: Int
    var continuation: CheckedContinuation<Given, any Error>
  }

  /// A worker that is a call's.
  struct Given: Sendable {
    var channel: WorkerChannel
    var isCold: Bool
  }

  /// A call under way.
  struct Running {
    var channel: WorkerChannel
    /// Whether the supervisor was told that the last frame came.
    var isFinished = false
    /// When the supervisor is given up because it does not keep to the call's time.
    var givenUpAt: ContinuousClock.Instant
  }

  /// How much later than the call's own time the supervisor may tell of its end.
  static let overdueMax = Duration.seconds(10)

  let configuration: SandboxConfiguration
  let log: Logger
  let onCall: @Sendable (CallRecord) -> Void
  let state: Mutex<State>

  /// Makes a sandbox that refuses until `run()` is called. `onCall` is told of every call when it is over.
  public init(
    _ configuration: SandboxConfiguration, logger: Logger, onCall: @escaping @Sendable (CallRecord) -> Void = { _ in }
  ) {
    self.configuration = configuration
    log = logger
    self.onCall = onCall
    state = Mutex(State(pool: WorkerPoolStateMachine(configuration)))
  }

  /// What can be run here and now.
  public var status: SandboxStatus { state.withLock { $0.pool.status } }
}
