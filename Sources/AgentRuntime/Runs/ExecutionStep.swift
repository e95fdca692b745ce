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
  /// What a task's step came to; answers do not show it, runs do.
  public var output: String?
  /// Tokens of a task's step; nil where no model counted. As `output`.
  public var usage: TokenUsage?

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

  /// The step with all that is known of it, as `GET /v1/runs/{id}` shows it.
  public var wholeJSON: JSONValue {
    guard output != nil || usage != nil, var whole = json.objectValue else { return json }
    if let output { whole["output"] = .string(output) }
    if let usage { whole["usage"] = usage.json }
    return .object(whole)
  }
}

extension ExecutionStep {
  /// Reads back what `wholeJSON` wrote; nil if it is something else.
  public init?(json: JSONValue) {
    guard let name = json["step"]?.stringValue, let milliseconds = json["duration_ms"]?.doubleValue,
      let status = json["status"]?.stringValue.flatMap(Status.init)
    else { return nil }
    self.init(name: name, status: status, duration: .microseconds((milliseconds * 1000).rounded()))
    attempts = json["attempts"]?.intValue
    error = json["error"]?.stringValue
    stdout = json["stdout"]?.stringValue
    stderr = json["stderr"]?.stringValue
    output = json["output"]?.stringValue
    usage = json["usage"].flatMap(TokenUsage.init)
  }
}

extension TokenUsage {
  /// OpenAI's `usage` object.
  public var json: JSONValue {
    var json: JSONObject = [
      "prompt_tokens": .integer(promptTokens), "completion_tokens": .integer(completionTokens),
      "total_tokens": .integer(totalTokens),
    ]
    for (key, value) in details { json[key] = value }
    return .object(json)
  }

  /// Reads back what `json` wrote; nil if it is something else.
  public init?(json: JSONValue) {
    guard let prompt = json["prompt_tokens"]?.intValue, let completion = json["completion_tokens"]?.intValue else {
      return nil
    }
    let own = ["prompt_tokens", "completion_tokens", "total_tokens"]
    let details = JSONObject((json.objectValue ?? [:]).filter { !own.contains($0.key) }.map { ($0.key, $0.value) })
    self.init(promptTokens: prompt, completionTokens: completion, details: details)
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
