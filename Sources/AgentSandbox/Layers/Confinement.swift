import AgentRuntime
import Subprocess

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

/// Runs programs that get code from elsewhere: with the host's network, without its files (`apus-sandbox confine`).
struct Confinement: Sendable {
  /// What a build may use.
  struct Limits: Sendable, Hashable {
    /// Until when it must have ended.
    var deadline: ContinuousClock.Instant
    /// Memory of all its processes, in MiB.
    var memoryMB = 512
    /// What it may write, in MiB.
    var diskMB: Int
  }

  /// How a program ended.
  struct End: Sendable, Hashable {
    /// What ended it.
    enum Cause: Sendable, Hashable {
      case exited(Int)
      case timeout, memory, disk
    }

    var cause: Cause
    /// The last 16 KiB of what it said on standard error.
    var words: String
  }

  /// The supervisor's path.
  let supervisor: String

  private static let wordsMax = 16 << 10
  /// How long a child may take to end by itself, and beyond its time limit.
  private static let graceMax = Duration.seconds(2)
  private static let overtimeMax = Duration.seconds(10)
  /// What every build finds in its environment.
  static let environment = ["LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"]

  /// Runs a program whose `/out` is `out`, and which sees `readOnly` besides. Throws `CodeSupplyUnavailable` where it
  /// cannot be run, or `CancellationError`; it is gone by then.
  func run(
    _ command: [String], out: String, readOnly: [String] = [], environment: [String: String] = [:], _ limits: Limits
  ) async throws -> End {
    let left = limits.deadline - .now
    guard left > .milliseconds(1) else { return End(cause: .timeout, words: "") }
    var arguments = [
      "confine", "--out", out, "--timeout-ms", "\(Int(left / .milliseconds(1)))", "--memory-mb", "\(limits.memoryMB)",
      "--disk-mb", "\(limits.diskMB)",
      // Whose other end is here: a build does not outlive the runtime.
      "--life-fd", "0",
    ]
    let variables = Self.environment.merging(environment) { $1 }
    for (name, value) in variables.sorted(by: { $0.key < $1.key }) { arguments += ["--env", "\(name)=\(value)"] }
    for path in readOnly { arguments += ["--ro", path] }
    let (status, words) = try await spawn(arguments + ["--"] + command, overtime: left + Self.overtimeMax)
    try Task.checkCancellation()
    switch status {
    case .exited(75): return End(cause: .timeout, words: words)
    case .exited(74): return End(cause: .memory, words: words)
    case .exited(73): return End(cause: .disk, words: words)
    case .exited(69): throw CodeSupplyUnavailable("nothing can be installed in isolation here: \(words.prefix(500))")
    case .exited(let code): return End(cause: .exited(Int(code)), words: words)
    default: throw CodeSupplyUnavailable("\(supervisor) confine ended: \(status)")
    }
  }

  private func spawn(_ arguments: [String], overtime: Duration) async throws -> (TerminationStatus, String) {
    try await withThrowingTaskGroup(of: (TerminationStatus, String)?.self) { group in
      group.addTask { try await spawn(arguments) }
      // It keeps the time itself; a build must not hang should it fail to.
      group.addTask {
        try await Task.sleep(for: overtime)
        return nil
      }
      defer { group.cancelAll() }
      guard let ended = try await group.next() ?? nil else {
        throw CodeSupplyUnavailable("\(supervisor) confine did not end in time")
      }
      return ended
    }
  }

  private func spawn(_ arguments: [String]) async throws -> (TerminationStatus, String) {
    var options = PlatformOptions()
    // A session of its own, so that all of it ends when it is told to.
    options.createSession = true
    options.teardownSequence = [
      .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: Self.graceMax)
    ]
    do {
      let result = try await Subprocess.run(
        .path(FilePath(supervisor)), arguments: Arguments(arguments),
        environment: .custom(["PATH": "/usr/local/bin:/usr/bin:/bin"]), platformOptions: options,
        input: .inputWriter, output: .discarded, error: .sequence
      ) { child in
        var words: [UInt8] = []
        for try await buffer in child.standardError {
          unsafe buffer.withUnsafeBytes { unsafe words.append(contentsOf: $0) }
          if words.count > 2 * Self.wordsMax { words.removeFirst(words.count - Self.wordsMax) }
        }
        return String(decoding: words.suffix(Self.wordsMax), as: UTF8.self)
      }
      return (result.terminationStatus, result.closureResult)
    } catch let error as SubprocessError {
      try Task.checkCancellation()
      throw CodeSupplyUnavailable("\(supervisor) cannot be run: \(error)")
    }
  }
}
