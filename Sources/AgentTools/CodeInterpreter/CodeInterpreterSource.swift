public import AgentRuntime

/// The built-in toolset `code_interpreter`: lets an agent's model run Python and TypeScript in the sandbox.
///
/// Files that a call leaves in its working directory are there in the session's next call if the agent's
/// `code_interpreter.keep_files_mb` says so. They are kept in memory, up to the settings' bounds.
public struct CodeInterpreterSource: ToolSource {
  /// What agents name it by.
  public static let toolsetName = "code_interpreter"

  private static let languages: [SandboxLanguage] = [.python, .typescript]

  private let sandbox: any Sandbox
  private let settings: CodeInterpreterSettings
  private let files: SessionFiles

  /// Offers the tool over a sandbox. Copies share the files they keep: one that goes on after a reload of toolsets
  /// loses none.
  public init(_ sandbox: any Sandbox, settings: CodeInterpreterSettings = CodeInterpreterSettings()) {
    self.sandbox = sandbox
    self.settings = settings
    files = SessionFiles(bytesMax: settings.filesBytesMax)
  }

  private init(_ sandbox: any Sandbox, settings: CodeInterpreterSettings, files: SessionFiles) {
    self.sandbox = sandbox
    self.settings = settings
    self.files = files
  }

  /// The same tool under other limits, with the same files.
  public func with(_ settings: CodeInterpreterSettings) -> CodeInterpreterSource {
    CodeInterpreterSource(sandbox, settings: settings, files: files)
  }

  /// How long a call of the tool may take: the code's own time, and what waiting for a worker may add.
  public var patience: Duration { settings.timeout + .seconds(5) }

  /// The source as a toolset.
  public var toolset: Toolset {
    var policy = ToolsetPolicy()
    policy.timeout = patience
    return Toolset(name: Self.toolsetName, source: self, policy: policy)
  }

  /// The tool, with the languages that can be run now. Throws `ToolError` where none can.
  public func tools() async throws -> [any Tool] {
    let (languages, refusal) = usable
    guard !languages.isEmpty else { throw ToolError("Code execution is not available: \(refusal ?? "")") }
    return [CodeInterpreterTool(sandbox: sandbox, settings: settings, files: files, languages: languages)]
  }

  /// Reachable where code can be run.
  public var health: ToolSourceHealth {
    let (languages, refusal) = usable
    return ToolSourceHealth(
      isReachable: !languages.isEmpty, problem: languages.isEmpty ? refusal : nil, toolCount: languages.isEmpty ? 0 : 1)
  }

  /// Has nothing to keep up.
  public func run() async {}

  /// Lets go of a session's files, or of all of an agent's.
  public func forget(agentID: String, sessionID: String?) async {
    files.forget(agentID: agentID, sessionID: sessionID)
  }

  private var usable: (languages: [SandboxLanguage], refusal: String?) {
    let status = sandbox.status
    let languages = Self.languages.filter { status.refusal(of: $0) == nil }
    return (languages, Self.languages.lazy.compactMap { status.refusal(of: $0) }.first)
  }
}
