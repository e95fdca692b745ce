/// What the tool `code_interpreter` may use.
public struct CodeInterpreterSettings: Sendable, Hashable {
  /// Wall time of one call.
  public var timeout = Duration.seconds(25)
  /// Memory of one call, in MiB.
  public var memoryMB = 512
  /// Bytes of the result's JSON.
  public var resultBytesMax = 1 << 20
  /// Bytes of files that may be kept of one session, whatever its agent's `code_interpreter.keep_files_mb` says.
  public var sessionFilesBytesMax = 32 << 20
  /// Bytes of files that are kept of all sessions together; those that were used longest ago go first.
  public var filesBytesMax = 256 << 20
  /// Files that are kept of one session.
  public var sessionFilesMax = 100

  /// 25 s, 512 MiB, 1 MiB of result; 32 MiB of files a session, 256 MiB in all.
  public init() {}
}
