import AgentJSON
import Logging

extension LogLine {
  /// The record as one JSON object and a line feed.
  static func json(_ record: LogRecord) -> [UInt8] {
    var writer = JSONWriter(reserving: 512)
    writer.raw("{\"time\":\"")
    writer.raw(record.time.bytes)
    writer.raw("\",\"level\":\"")
    writer.raw(record.level.rawValue.utf8)
    writer.raw("\",\"logger\":")
    writer.string(record.logger)
    writer.raw(",\"message\":")
    writer.string(cut(record.message, max: messageByteMax))
    var leftOut = 0
    for member in record.members {
      let start = writer.bytes.count
      writer.separate()
      writer.string(member.key)
      writer.raw(":")
      write(member.value, key: member.key, to: &writer)
      guard writer.bytes.count > byteMax - tailBytes else { continue }
      writer.bytes.removeSubrange(start...)
      leftOut += 1
    }
    if leftOut > 0 {
      writer.raw(",\"members_left_out\":")
      writer.integer(leftOut)
    }
    writer.raw("}\n")
    return writer.bytes
  }

  private static func write(_ value: LogRecord.Value, key: String, to writer: inout JSONWriter) {
    // What is too long already is taken back by the caller: no need to go on with it.
    guard writer.bytes.count <= byteMax else { return }
    switch value {
    case .text(let text):
      if isNumberKey(key), text.utf8.count <= 32, let number = JSONNumber(text) {
        writer.raw(number.literal.utf8)
      } else {
        writer.string(cut(text, max: valueByteMax))
      }
    case .list(let values):
      writer.raw("[")
      for value in values where writer.bytes.count <= byteMax {
        writer.separate()
        write(value, key: key, to: &writer)
      }
      writer.raw("]")
    case .object(let members):
      writer.raw("{")
      for member in members where writer.bytes.count <= byteMax {
        writer.member(member.key)
        write(member.value, key: member.key, to: &writer)
      }
      writer.raw("}")
    }
  }
}
