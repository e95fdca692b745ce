public import AgentJSON

/// One step of a run, as `metadata.execution_steps` shows it (contract §4).
public struct ExecutionStep: Sendable, Hashable {
  /// How far a step is.
  public enum Status: String, Sendable, Hashable {
    case running, completed, error, skipped
  }

  /// The step's name.
  public var name: String
  /// How far it is.
  public var status: Status
  /// How long it took.
  public var duration: Duration
  /// How often it was tried; nil where it is tried once.
  public var attempts: Int?
  /// Why it failed.
  public var error: String?
  /// The first 64 KiB of what code printed; nil where none ran.
  public var stdout: String?
  /// The first 64 KiB of what code printed to standard error; nil where none ran.
  public var stderr: String?

  /// The step as the API shows it.
  public var json: JSONValue {
    var json: JSONObject = [
      "step": .string(name), "status": .string(status.rawValue), "duration_ms": .milliseconds(duration),
    ]
    if let attempts { json["attempts"] = .integer(attempts) }
    if let error { json["error"] = .string(error) }
    if let stdout { json["stdout"] = .string(stdout) }
    if let stderr { json["stderr"] = .string(stderr) }
    return .object(json)
  }
}

extension JSONValue {
  /// A duration in milliseconds, to the microsecond.
  public static func milliseconds(_ duration: Duration) -> JSONValue {
    let (seconds, attoseconds) = duration.components
    let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    return microseconds % 1000 == 0 ? .integer(Int(microseconds / 1000)) : .double(Double(microseconds) / 1000)
  }
}
