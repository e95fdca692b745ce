import Logging

/// What one log line says, redacted and in order, before it is written in a format.
struct LogRecord: Sendable {
  /// A member's value.
  indirect enum Value: Sendable {
    case text(String)
    case list([Value])
    case object([(key: String, value: Value)])
  }

  /// How deep metadata may be nested; what is deeper is left out.
  private static let depthMax = 8
  /// How many causes of an error are followed.
  private static let causesMax = 8

  let time: LogTime
  let level: Logger.Level
  let logger: String
  let message: String
  /// Sorted by key; none is a key of the fixed members.
  let members: [(key: String, value: Value)]

  init(_ event: LogEvent, metadata: Logger.Metadata, logger: String, time: LogTime, redaction: LogRedaction) {
    self.time = time
    self.level = event.level
    self.logger = LogLine.cut(logger, max: LogLine.nameByteMax)
    self.message = redaction.applied(to: event.message.description)
    var members = Self.members(metadata, redaction: redaction, depth: 0)
    if let error = event.error {
      let chain = Value.text(redaction.applied(to: Self.chain(of: error)))
      members.removeAll { $0.key == "error" }
      members.append(("error", chain))
    }
    for index in members.indices where ["time", "level", "logger", "message"].contains(members[index].key) {
      members[index].key += "_"
    }
    self.members = Self.unique(members)
  }

  /// Sorted by key; of keys that redaction or the cut made alike, one member stays.
  private static func unique(_ members: [(key: String, value: Value)]) -> [(key: String, value: Value)] {
    var unique: [(key: String, value: Value)] = []
    unique.reserveCapacity(members.count)
    for member in members.sorted(by: { $0.key < $1.key }) where member.key != unique.last?.key { unique.append(member) }
    return unique
  }

  private static func members(
    _ metadata: Logger.Metadata, redaction: LogRedaction, depth: Int
  ) -> [(key: String, value: Value)] {
    metadata.map { key, value in
      let key = LogLine.cut(redaction.applied(to: key), max: LogLine.nameByteMax)
      return (key, self.value(value, redaction: redaction, depth: depth))
    }
  }

  private static func value(_ value: Logger.MetadataValue, redaction: LogRedaction, depth: Int) -> Value {
    switch value {
    case .string(let text): return .text(redaction.applied(to: text))
    case .stringConvertible(let value):
      let text = (value as? any Error).map(chain) ?? value.description
      return .text(redaction.applied(to: text))
    case .array, .dictionary: break
    }
    guard depth < depthMax else { return .text("…") }
    switch value {
    case .array(let values):
      return .list(values.map { self.value($0, redaction: redaction, depth: depth + 1) })
    case .dictionary(let metadata):
      return .object(unique(members(metadata, redaction: redaction, depth: depth + 1)))
    case .string, .stringConvertible: return .text("")
    }
  }

  /// The error and its causes, the outermost first; a cause is what an error keeps in a property of that name.
  static func chain(of error: any Error) -> String {
    var texts = ["\(error)"]
    var current = error
    while texts.count <= causesMax, let cause = cause(of: current) {
      texts.append("\(cause)")
      current = cause
    }
    return texts.joined(separator: "; caused by: ")
  }

  private static func cause(of error: any Error) -> (any Error)? {
    let property = Mirror(reflecting: error).children.first { $0.label == "cause" || $0.label == "underlyingError" }
    return property?.value as? any Error
  }
}
