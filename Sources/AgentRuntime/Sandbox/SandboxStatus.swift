/// What can be run, by what it is isolated, and how the prepared workers stand; for health, schema and `apus doctor`.
public struct SandboxStatus: Sendable, Hashable {
  /// Why no code can be run, and what to change; nil where it can.
  public var refusal: String?
  /// `userns` or `root`; nil where there is none.
  public var isolation: String?
  /// What enforces each limit: `memory`, `processes`, `cpu`, `files`, `wall`, to words such as `cgroup v1` or `rlimit`.
  public var enforcement: [String: String]
  /// The languages.
  public var languages: [SandboxLanguage: Language]

  /// How a language stands.
  public struct Language: Sendable, Hashable {
    /// The interpreter's versions, newest first; empty where it is missing.
    public var versions: [String]
    /// Why it cannot be used, and what to do; nil where it can.
    public var refusal: String?
    /// Prepared workers that wait.
    public var idle: Int
    /// Workers that run a call.
    public var busy: Int
    /// How many should wait.
    public var target: Int
    /// Calls since the start that found none waiting.
    public var coldStarts: Int

    /// Makes one.
    public init(
      versions: [String] = [], refusal: String? = nil, idle: Int = 0, busy: Int = 0, target: Int = 0,
      coldStarts: Int = 0
    ) {
      self.versions = versions
      self.refusal = refusal
      self.idle = idle
      self.busy = busy
      self.target = target
      self.coldStarts = coldStarts
    }
  }

  /// Whether any code can be run.
  public var canRun: Bool { refusal == nil && languages.values.contains { $0.refusal == nil } }

  /// Makes a status.
  public init(
    refusal: String? = nil, isolation: String? = nil, enforcement: [String: String] = [:],
    languages: [SandboxLanguage: Language] = [:]
  ) {
    self.refusal = refusal
    self.isolation = isolation
    self.enforcement = enforcement
    self.languages = languages
  }
}
