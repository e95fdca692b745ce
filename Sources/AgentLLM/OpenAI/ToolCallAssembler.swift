import AgentJSON

/// Puts tool calls together whose id and name come first and whose arguments follow in pieces, several at a time.
struct ToolCallAssembler: Sendable {
  /// What is wrong with a delta.
  struct Fault: Error {
    let message: String
  }

  private struct Draft: Sendable {
    let index: Int
    var members = JSONObject()
    var function = JSONObject()
    var arguments = ""
  }

  /// An answer with more calls is no answer of a model.
  static let callsMax = 1024

  private var drafts: [Draft] = []

  var isEmpty: Bool { drafts.isEmpty }

  /// The calls by index, as they stand in a message: without `index`, with `arguments` in one piece.
  var value: JSONValue {
    .array(
      drafts.sorted { $0.index < $1.index }.map { draft in
        var call = draft.members
        if !draft.function.isEmpty || !draft.arguments.isEmpty {
          var function = draft.function
          function["arguments"] = .string(draft.arguments)
          call["function"] = .object(function)
        }
        return .object(call)
      })
  }

  /// Takes in the `tool_calls` of one delta.
  mutating func merge(_ value: JSONValue) throws(Fault) {
    guard case .array(let calls) = value else { throw Fault(message: "\"tool_calls\" of a delta is no array") }
    for (position, call) in calls.enumerated() {
      guard case .object(let members) = call else { throw Fault(message: "a tool call of a delta is no object") }
      let slot = try draftPosition(index: members["index"]?.intValue ?? position)
      for (key, value) in members where key != "index" && !value.isNull { merge(key, value, into: &drafts[slot]) }
    }
  }

  private mutating func draftPosition(index: Int) throws(Fault) -> Int {
    if let position = drafts.lastIndex(where: { $0.index == index }) { return position }
    guard drafts.count < Self.callsMax else { throw Fault(message: "more than \(Self.callsMax) tool calls") }
    drafts.append(Draft(index: index))
    return drafts.count - 1
  }

  private func merge(_ key: String, _ value: JSONValue, into draft: inout Draft) {
    guard key == "function", case .object(let function) = value else {
      // Some servers repeat id and type in each piece: the first stands.
      if draft.members[key]?.stringValue?.isEmpty ?? true { draft.members[key] = value }
      return
    }
    for (key, value) in function where !value.isNull {
      if key == "arguments", case .string(let piece) = value {
        draft.arguments += piece
      } else if draft.function[key]?.stringValue?.isEmpty ?? true {
        draft.function[key] = value
      }
    }
  }
}
