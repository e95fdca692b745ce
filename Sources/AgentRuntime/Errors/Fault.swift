public import AgentJSON

/// One fault of a request: where it is, what is wrong, and a stable type (contract §1.2).
public struct Fault: Sendable, Hashable {
  /// One step of the way to the faulty value.
  public enum Step: Sendable, Hashable {
    /// A member of an object, or the part of the request (`body`, `query`, `header`).
    case key(String)
    /// An element of an array, from 0.
    case index(Int)
  }

  /// The way to the value, from the part of the request on: `["body", "messages", 0, "role"]`.
  public var path: [Step]
  /// What is wrong, which value it is, and what is allowed.
  public var message: String
  /// A stable snake_case name of the kind of fault, such as `missing` or `out_of_range`.
  public var type: String
  /// In which line of the value's text the fault is, from 1; nil where that says nothing.
  public var line: Int?
  /// In which column of the line, from 1.
  public var column: Int?

  /// Makes a fault.
  public init(path: [Step], message: String, type: String) {
    self.path = path
    self.message = message
    self.type = type
  }

  /// The fault as `{"loc": [...], "msg": ..., "type": ...}`, with `line` and `column` where they are known.
  public var json: JSONValue {
    let location = path.map { step -> JSONValue in
      switch step {
      case .key(let key): .string(key)
      case .index(let index): .integer(index)
      }
    }
    var json: JSONObject = ["loc": .array(location), "msg": .string(message), "type": .string(type)]
    if let line { json["line"] = .integer(line) }
    if let column { json["column"] = .integer(column) }
    return .object(json)
  }

  /// The path as people write it: `body.messages[0].role`.
  public var pathText: String {
    var text = ""
    for step in path {
      switch step {
      case .key(let key): text += text.isEmpty ? key : ".\(key)"
      case .index(let index): text += "[\(index)]"
      }
    }
    return text
  }
}
