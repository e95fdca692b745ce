public import AgentJSON
import FoundationEssentials

extension StoredRun {
  /// What never changes but the id, to be stored.
  public var originJSON: JSONObject {
    var json: JSONObject = ["agent_id": .string(agentID)]
    if let sessionID { json["session_id"] = .string(sessionID) }
    if let userID { json["user_id"] = .string(userID) }
    json["background"] = .bool(isBackground)
    json["created_at"] = .integer(createdAt.milliseconds)
    json["request"] = .object(request)
    return json
  }

  /// What became of the run, to be stored; without its revision and its claim, which stores keep apart.
  public var progressJSON: JSONObject {
    var json: JSONObject = ["status": .string(status.rawValue)]
    if let reason { json["reason"] = .string(reason.rawValue) }
    json["steps"] = .array(steps)
    if let output { json["output"] = output }
    if let usage { json["usage"] = usage }
    if let error { json["error"] = .object(error) }
    if starts > 0 { json["starts"] = .integer(starts) }
    if let startedAt { json["started_at"] = .integer(startedAt.milliseconds) }
    if let endedAt { json["ended_at"] = .integer(endedAt.milliseconds) }
    json["updated_at"] = .integer(updatedAt.milliseconds)
    return json
  }

  /// Reads back what `originJSON` and `progressJSON` wrote. Throws `StoreError.corrupt`, which names the run.
  public init(
    id: String, storedOrigin origin: JSONObject, progress: JSONObject, revision: Int, claim: RunClaim?
  ) throws {
    let origin = StoredMembers(of: id, origin)
    let progress = StoredMembers(of: id, progress)
    self.init(
      id: id, agentID: try origin.required("agent_id", \.stringValue, "a string"),
      sessionID: try origin.optional("session_id", \.stringValue, "a string"),
      userID: try origin.optional("user_id", \.stringValue, "a string"),
      request: try origin.required("request", \.objectValue, "an object"),
      isBackground: try origin.required("background", \.boolValue, "a boolean"),
      createdAt: Date(milliseconds: try origin.required("created_at", \.intValue, "an integer")))
    status = try progress.required("status", { RunStatus($0) }, "a status that this version of Apus knows")
    reason = try progress.optional("reason", { RunReason($0) }, "a reason that this version of Apus knows")
    steps = try progress.required("steps", \.arrayValue, "an array")
    output = progress["output"]
    usage = progress["usage"]
    error = try progress.optional("error", \.objectValue, "an object")
    starts = try progress.optional("starts", \.intValue, "an integer") ?? 0
    startedAt = try progress.optional("started_at", \.intValue, "an integer").map(Date.init(milliseconds:))
    endedAt = try progress.optional("ended_at", \.intValue, "an integer").map(Date.init(milliseconds:))
    updatedAt = Date(milliseconds: try progress.required("updated_at", \.intValue, "an integer"))
    self.revision = revision
    self.claim = claim
  }
}

extension RunStatus {
  fileprivate init?(_ json: JSONValue) {
    guard let text = json.stringValue else { return nil }
    self.init(rawValue: text)
  }
}

extension RunReason {
  fileprivate init?(_ json: JSONValue) {
    guard let text = json.stringValue else { return nil }
    self.init(rawValue: text)
  }
}

/// A stored document's members, read with errors that name the run.
private struct StoredMembers {
  private let id: String
  private let json: JSONObject

  init(of id: String, _ json: JSONObject) {
    self.id = id
    self.json = json
  }

  subscript(_ key: String) -> JSONValue? { json[key] }

  func optional<Value>(_ key: String, _ read: (JSONValue) -> Value?, _ wanted: String) throws -> Value? {
    guard let member = json[key] else { return nil }
    guard let value = read(member) else {
      throw StoreError(.corrupt, "The stored run \(id) is damaged: its \(key) is not \(wanted).")
    }
    return value
  }

  func required<Value>(_ key: String, _ read: (JSONValue) -> Value?, _ wanted: String) throws -> Value {
    guard let value = try optional(key, read, wanted) else {
      throw StoreError(.corrupt, "The stored run \(id) is damaged: it has no \(key).")
    }
    return value
  }
}
