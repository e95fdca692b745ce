import AgentJSON

extension JSONValue {
  /// About how much memory the value takes, for bounds.
  var memoryBytes: Int {
    switch self {
    case .string(let text): 32 + text.utf8.count
    case .array(let elements): elements.reduce(32) { $0 + $1.memoryBytes }
    case .object(let object): object.memoryBytes
    default: 32
    }
  }
}

extension JSONObject {
  /// About how much memory the object takes, for bounds.
  var memoryBytes: Int { reduce(64) { $0 + 48 + $1.key.utf8.count + $1.value.memoryBytes } }
}
