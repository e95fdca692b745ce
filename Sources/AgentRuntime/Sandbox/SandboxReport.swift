public import AgentJSON

/// How a call went.
public struct SandboxReport: Sendable {
  /// What it came to.
  public var outcome: SandboxOutcome
  /// The first 64 KiB of what it printed.
  public var stdout: String
  /// The first 64 KiB of what it printed to standard error.
  public var stderr: String
  /// Files of its working directory, where some were asked for.
  public var files: [String: [UInt8]]
  /// What it took.
  public var usage: SandboxUsage

  /// Makes a report.
  public init(
    _ outcome: SandboxOutcome, stdout: String = "", stderr: String = "", files: [String: [UInt8]] = [:],
    usage: SandboxUsage = SandboxUsage()
  ) {
    self.outcome = outcome
    self.stdout = stdout
    self.stderr = stderr
    self.files = files
    self.usage = usage
  }
}

/// What a call came to.
public enum SandboxOutcome: Sendable, Hashable {
  /// The entry point's value.
  case value(JSONValue)
  /// The code failed by itself.
  case exception(SandboxException)
  /// The wall time was up, or as much processor time was used.
  case timeout
  /// It wanted more memory than it may have.
  case memoryLimit
  /// It printed, or yielded, more than it may.
  case outputLimit
  /// Its value is larger than it may be.
  case resultTooLarge
  /// Its process died, or did not keep to the protocol; says how.
  case crashed(String)
}

/// What user code failed with: the user's own frames and nothing of the host.
public struct SandboxException: Sendable, Hashable {
  /// What kind of failure.
  public enum Kind: String, Sendable, Hashable {
    /// Thrown by the code.
    case exception
    /// It does not parse.
    case syntax
    /// There is no such function.
    case entryPoint = "entry_point"
    /// Its value cannot be JSON.
    case unserializable
    /// Its value contains itself.
    case cyclic
  }

  /// What kind of failure.
  public var kind: Kind
  /// The exception's class, such as `ValueError`.
  public var name: String
  /// Its own words.
  public var message: String
  /// Outermost first.
  public var frames: [SandboxFrame]

  /// Makes one.
  public init(_ kind: Kind = .exception, name: String, message: String, frames: [SandboxFrame] = []) {
    self.kind = kind
    self.name = name
    self.message = message
    self.frames = frames
  }
}

/// A place in user code.
public struct SandboxFrame: Sendable, Hashable {
  /// From 1.
  public var line: Int
  /// From 1, where known.
  public var column: Int?
  /// The function.
  public var function: String
  /// The line's text.
  public var text: String

  /// Makes one.
  public init(line: Int, column: Int? = nil, function: String, text: String = "") {
    self.line = line
    self.column = column
    self.function = function
    self.text = text
  }
}

/// What is wrong with a program before it runs.
public struct SandboxFault: Sendable, Hashable {
  /// From 1; nil where it concerns the whole.
  public var line: Int?
  /// From 1.
  public var column: Int?
  /// What is wrong, and what is allowed.
  public var message: String

  /// Makes one.
  public init(line: Int? = nil, column: Int? = nil, message: String) {
    self.line = line
    self.column = column
    self.message = message
  }
}

/// What a call took, as the kernel counted it.
public struct SandboxUsage: Sendable, Hashable {
  /// From the handing over to the end.
  public var wall: Duration
  /// Of the processor.
  public var cpu: Duration
  /// At most, in KiB.
  public var memoryPeakKB: Int
  /// Whether no prepared worker was free.
  public var wasCold: Bool

  /// Makes one.
  public init(wall: Duration = .zero, cpu: Duration = .zero, memoryPeakKB: Int = 0, wasCold: Bool = false) {
    self.wall = wall
    self.cpu = cpu
    self.memoryPeakKB = memoryPeakKB
    self.wasCold = wasCold
  }
}
