/// Where the connection to a server stands, and how long to wait before the next attempt.
struct ConnectionStateMachine: Sendable {
  enum State: Sendable, Hashable {
    /// `run()` has not begun.
    case idle
    case connecting
    case connected
    /// The last attempt failed; the next one comes after a pause.
    case failed(String)
    /// `run()` has ended.
    case stopped
  }
  static let pauseFirst = Duration.milliseconds(250)
  static let pauseMax = Duration.seconds(30)

  private(set) var state = State.idle
  private var failures = 0

  /// Whether those who wait should go on waiting.
  var isPending: Bool { state == .idle || state == .connecting }

  /// An attempt begins. What failed before stays told until it succeeds: callers are not to wait at each attempt.
  mutating func begin() {
    if case .failed = state { return }
    state = .connecting
  }

  /// The server is ready.
  mutating func connected() { state = .connected }

  /// The server forgot the session, and a new one is made at once: callers may wait.
  mutating func sessionLost() {
    if state == .connected { state = .connecting }
  }

  /// The connection lasted: the pauses start anew. A child that lists its tools and dies is not restarted for ever
  /// at full speed.
  mutating func settled() { failures = 0 }

  /// The attempt or the connection failed; how long to pause, before jitter.
  mutating func failed(_ why: String) -> Duration {
    state = .failed(why)
    failures += 1
    return min(Self.pauseMax, Self.pauseFirst * (1 << min(failures - 1, 10)))
  }

  /// `run()` ended.
  mutating func stop() { state = .stopped }
}
