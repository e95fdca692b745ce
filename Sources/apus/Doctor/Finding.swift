import AgentJSON

/// What a check of `apus doctor` found.
struct Finding: Sendable, Hashable {
  /// How it stands.
  enum Status: String, Sendable {
    case ok, warn, fail
  }

  var status: Status
  /// What was checked, such as `database`.
  let name: String
  /// What was found.
  let what: String
  /// How to mend it; nil where all is well.
  var remedy: String?

  static func ok(_ name: String, _ what: String) -> Finding { Finding(status: .ok, name: name, what: what) }

  static func warn(_ name: String, _ what: String, _ remedy: String) -> Finding {
    Finding(status: .warn, name: name, what: what, remedy: remedy)
  }

  static func fail(_ name: String, _ what: String, _ remedy: String) -> Finding {
    Finding(status: .fail, name: name, what: what, remedy: remedy)
  }

  /// For people, with the line break at the end.
  var text: String {
    let padded = name.padded(to: 13)
    let first = "\(status.rawValue.padded(to: 4))  \(padded)  \(what)\n"
    return first + (remedy.map { "      → \($0)\n" } ?? "")
  }

  /// For programs.
  var json: JSONValue {
    [
      "name": .string(name), "status": .string(status.rawValue), "what": .string(what),
      "remedy": remedy.map { .string($0) } ?? .null,
    ]
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
