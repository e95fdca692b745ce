public import AgentJSON

/// A language that the sandbox runs (contract §3, `runtime.language`).
public enum SandboxLanguage: String, Sendable, Hashable, CaseIterable {
  case python, javascript, typescript
}

/// Source code and where it begins.
public struct SandboxProgram: Sendable, Hashable {
  /// What it is written in.
  public var language: SandboxLanguage
  /// A prefix of the version it needs, such as `3.11`; nil takes the newest.
  public var version: String?
  /// One file's text.
  public var source: String
  /// The function to call; nil runs the whole source, whose last expression is the result (the code interpreter).
  public var entryPoint: String?
  /// What it may import besides the standard library; Python alone has that.
  public var layer: SandboxLayer?

  /// Makes a program.
  public init(
    language: SandboxLanguage, version: String? = nil, source: String, entryPoint: String? = "main",
    layer: SandboxLayer? = nil
  ) {
    self.language = language
    self.version = version
    self.source = source
    self.entryPoint = entryPoint
    self.layer = layer
  }
}

/// One call of a program.
public struct SandboxCall: Sendable {
  /// What is run.
  public var program: SandboxProgram
  /// The entry point's one argument.
  public var input: JSONValue
  /// What it may use.
  public var limits: SandboxLimits
  /// Whether the program may call the model.
  public var hasModel: Bool
  /// Files in its working directory, by name (no folders).
  public var files: [String: [UInt8]]

  /// Makes a call.
  public init(
    _ program: SandboxProgram, input: JSONValue = .null, limits: SandboxLimits = SandboxLimits(),
    hasModel: Bool = false, files: [String: [UInt8]] = [:]
  ) {
    self.program = program
    self.input = input
    self.limits = limits
    self.hasModel = hasModel
    self.files = files
  }
}

/// What one call may use.
public struct SandboxLimits: Sendable, Hashable {
  /// Wall time from the moment the code is handed over.
  public var timeout: Duration
  /// Memory of the process, in MiB.
  public var memoryMB: Int
  /// Bytes of the result's JSON, and of all pieces of text together.
  public var resultBytesMax: Int
  /// Bytes of standard output and of standard error after which the program is ended; 64 KiB of each are kept.
  public var outputBytesMax: Int
  /// Bytes of files that are handed back; 0 hands back none.
  public var filesBytesMax: Int

  /// Makes limits; the defaults are contract §3's.
  public init(
    timeout: Duration = .seconds(30), memoryMB: Int = 512, resultBytesMax: Int = 8 << 20,
    outputBytesMax: Int = 64 << 20, filesBytesMax: Int = 0
  ) {
    self.timeout = timeout
    self.memoryMB = memoryMB
    self.resultBytesMax = resultBytesMax
    self.outputBytesMax = outputBytesMax
    self.filesBytesMax = filesBytesMax
  }
}
