import AgentJSON

/// A step of a run, as a stream tells of it (contract §4).
struct ChatStep: Hashable, Sendable {
  /// How far it is.
  enum Status: String {
    case running, completed, error
    /// It was left out, or is in a state of a later version.
    case skipped
  }

  let name: String
  var status: Status
  var milliseconds = 0.0
  var attempts = 1
  /// The first line of why it failed; nil where it did not, or nothing is told.
  var error: String?

  /// Whether nothing more will be told of it.
  var isEnded: Bool { status != .running }
}

extension ChatStep {
  /// Of more steps the first ones are shown.
  private static let countMax = 1000

  /// The steps of a chunk that comes before the answer's end; nil where it tells of none.
  static func all(in chunk: JSONValue) -> [ChatStep]? {
    chunk["metadata"]?["execution_steps"]?.arrayValue?.prefix(countMax).map(ChatStep.init)
  }

  private init(_ json: JSONValue) {
    name = Self.line(json["step"]?.stringValue) ?? "?"
    status = json["status"]?.stringValue.flatMap(Status.init) ?? .skipped
    milliseconds = json["duration_ms"]?.doubleValue ?? 0
    attempts = json["attempts"]?.intValue ?? 1
    error = Self.line(json["error"]?.stringValue)
  }

  /// The first line of a text, without what a terminal would obey.
  private static func line(_ text: String?) -> String? {
    guard let line = text?.trimmed.split(whereSeparator: \.isNewline).first else { return nil }
    return String(String.UnicodeScalarView(line.unicodeScalars.prefix(1000).filter { !$0.isControl }))
  }
}
