import AgentJSON
import Logging

extension LogLine {
  /// The record as `time LEVEL logger message key=value…` and a line feed.
  ///
  /// Control characters are escaped: what a stranger sends neither begins a line nor commands the terminal.
  static func text(_ record: LogRecord) -> [UInt8] {
    var bytes = record.time.bytes
    bytes.append(UInt8(ascii: " "))
    let level = record.level.rawValue.uppercased()
    bytes.append(contentsOf: level.utf8)
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: max(1, 9 - level.utf8.count)))
    appendPrintable(record.logger, to: &bytes)
    bytes.append(UInt8(ascii: " "))
    appendPrintable(cut(record.message, max: messageByteMax), to: &bytes)
    var leftOut = 0
    for member in record.members {
      let start = bytes.count
      bytes.append(UInt8(ascii: " "))
      appendPrintable(member.key, to: &bytes)
      bytes.append(UInt8(ascii: "="))
      append(member.value, to: &bytes)
      guard bytes.count > byteMax - tailBytes else { continue }
      bytes.removeSubrange(start...)
      leftOut += 1
    }
    if leftOut > 0 { bytes.append(contentsOf: " members_left_out=\(leftOut)".utf8) }
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  private static func append(_ value: LogRecord.Value, to bytes: inout [UInt8]) {
    guard bytes.count <= byteMax else { return }
    switch value {
    case .text(let text):
      let text = cut(text, max: valueByteMax)
      let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D }
      if isPlain {
        appendPrintable(text, to: &bytes)
      } else {
        appendPrintable(JSONValue.string(text).encodedText, to: &bytes)
      }
    case .list(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() where bytes.count <= byteMax {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        append(value, to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() where bytes.count <= byteMax {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        appendPrintable(member.key, to: &bytes)
        bytes.append(UInt8(ascii: "="))
        append(member.value, to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// Appends with the control characters (C0, DEL, C1) as JSON writes them, `\u001b`.
  private static func appendPrintable(_ text: String, to bytes: inout [UInt8]) {
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
      case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
      case 0..<0x20, 0x7F..<0xA0:
        let hex = String(scalar.value, radix: 16)
        bytes.append(contentsOf: #"\u00"#.utf8)
        bytes.append(contentsOf: (hex.count < 2 ? "0" + hex : hex).utf8)
      default: bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      }
    }
  }
}
