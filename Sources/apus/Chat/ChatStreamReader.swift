import AgentJSON

/// Makes what to print out of the bytes of a streamed chat completion (contract §4).
struct ChatStreamReader {
  /// What an event of the stream says.
  enum Event: Hashable {
    case text(String)
    /// The run's steps so far; those that come with the answer's end are left out.
    case steps([ChatStep])
    /// The answer failed after it had begun.
    case failed(ChatFailure)
    case finished(reason: String)
    /// `[DONE]`
    case end
  }

  /// A line beyond this is no chunk of text.
  private static let lineMax = 16 << 20
  private var line: [UInt8] = []

  /// The events in these bytes, which may begin and end anywhere. Throws `ChatFailure` for what is no such stream.
  mutating func feed(_ bytes: some Sequence<UInt8>) throws(ChatFailure) -> [Event] {
    var events: [Event] = []
    for byte in bytes {
      guard byte == UInt8(ascii: "\n") else {
        line.append(byte)
        continue
      }
      events += try Self.events(in: line)
      line.removeAll(keepingCapacity: true)
    }
    guard line.count <= Self.lineMax else { throw ChatFailure(message: "The answer has a line beyond all bounds.") }
    return events
  }

  /// The runtime writes each event's data as one line; other lines are comments, or end an event.
  private static func events(in line: [UInt8]) throws(ChatFailure) -> [Event] {
    let prefix = Array("data:".utf8)
    guard line.starts(with: prefix) else { return [] }
    let data = String(decoding: line.dropFirst(prefix.count), as: UTF8.self).trimmed
    if data == "[DONE]" { return [.end] }
    guard let chunk = try? JSONValue(parsing: data) else {
      throw ChatFailure(message: "The answer has an event that is not JSON: \(data.quoted)")
    }
    if let error = chunk["error"], !error.isNull {
      let code = error["code"]?.stringValue.map { " (\($0))" } ?? ""
      return [.failed(ChatFailure(message: (error["message"]?.stringValue ?? "The answer failed.") + code))]
    }
    let choice = chunk["choices"]?.arrayValue?.first
    var events: [Event] = []
    for member in ["content", "refusal"] {
      if let text = choice?["delta"]?[member]?.stringValue, !text.isEmpty { events.append(.text(text)) }
    }
    if let reason = choice?["finish_reason"]?.stringValue {
      events.append(.finished(reason: reason))
    } else if let steps = ChatStep.all(in: chunk) {
      events.append(.steps(steps))
    }
    return events
  }
}
