import AgentJSON

/// The bounds of a log line and the pieces that both formats share.
enum LogLine {
  /// No line is longer, its line feed included.
  static let byteMax = 16_384
  /// The message is cut here, counted with its escapes.
  static let messageByteMax = 8192
  /// A logger's name and a member's are cut here.
  static let nameByteMax = 256
  /// A single text of the metadata is cut here.
  static let valueByteMax = 4096
  /// Kept free for the note on members left out.
  static let tailBytes = 64

  /// The members written as JSON numbers where their text is one; also all that end in a unit of `numberSuffixes`.
  static let numberKeys: Set<String> = ["status", "attempts", "revision", "port", "pid"]
  /// Units as a key's last part.
  static let numberSuffixes = ["_ms", "_seconds", "_bytes", "_tokens", "_count"]

  /// Whether the member is a figure by its name.
  static func isNumberKey(_ key: String) -> Bool {
    numberKeys.contains(key) || numberSuffixes.contains { key.hasSuffix($0) }
  }

  /// The text, or its beginning and how much is missing if it takes more than so many bytes with its escapes.
  static func cut(_ text: String, max: Int) -> String {
    // No byte takes more than six with its escapes.
    guard text.utf8.count > max / 6 else { return text }
    let source = text.utf8.span
    var size = 0
    var end = 0
    var index = 0
    while index < source.count {
      let byte = source[index]
      if byte & 0xC0 != 0x80, size <= max - 40 { end = index }
      size += cost(byte)
      if size > max { break }
      index += 1
    }
    guard size > max else { return text }
    let kept = String(decoding: text.utf8.prefix(end), as: UTF8.self)
    return "\(kept)… (\(source.count - end) bytes cut)"
  }

  /// How much room a byte takes at most with escapes; 0xC2 begins the C1 control characters, six bytes in all.
  private static func cost(_ byte: UInt8) -> Int {
    switch byte {
    case 0..<0x20, 0x7F: 6
    case 0xC2: 5
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): 2
    default: 1
    }
  }
}
