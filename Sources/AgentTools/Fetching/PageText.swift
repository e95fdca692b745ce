/// Reduces HTML to its readable text, in one pass over the bytes; for a model, not for a browser.
struct PageText {
  private static let skipped: Set = ["script", "style", "noscript", "template", "svg"]
  private static let blocks: Set = [
    "p", "div", "br", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article",
    "header", "footer", "nav", "main", "pre", "blockquote", "hr", "dt", "dd", "title", "body", "option", "form",
  ]
  private static let entities: [String: String] = [
    "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "copy": "©", "reg": "®", "hellip": "…",
    "mdash": "—", "ndash": "–", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "bull": "•", "middot": "·",
    "euro": "€", "pound": "£", "yen": "¥", "sect": "§", "deg": "°", "times": "×", "laquo": "«", "raquo": "»",
  ]

  private let bytes: [UInt8]
  private var position = 0
  private var text: [UInt8] = []
  private var isAfterSpace = true

  private init(_ html: String) { bytes = Array(html.utf8) }

  /// The text, a line for each block; work and size are linear in the page's.
  static func reduce(_ html: String) -> String {
    var page = PageText(html)
    page.run()
    while page.text.last == UInt8(ascii: "\n") || page.text.last == UInt8(ascii: " ") { page.text.removeLast() }
    return String(decoding: page.text, as: UTF8.self)
  }

  private mutating func run() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "<"): tag()
      case UInt8(ascii: "&"): entity()
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
        space()
        position += 1
      default:
        text.append(bytes[position])
        isAfterSpace = false
        position += 1
      }
    }
  }

  private mutating func space() {
    if !isAfterSpace { text.append(UInt8(ascii: " ")) }
    isAfterSpace = true
  }

  private mutating func line() {
    while text.last == UInt8(ascii: " ") { text.removeLast() }
    if let last = text.last, last != UInt8(ascii: "\n") { text.append(UInt8(ascii: "\n")) }
    isAfterSpace = true
  }

  private mutating func tag() {
    let rest = bytes[(position + 1)...]
    if rest.starts(with: "!--".utf8) { return skip(past: "-->") }
    let isEnd = rest.first == UInt8(ascii: "/")
    let name = String(decoding: rest.dropFirst(isEnd ? 1 : 0).prefix(12).prefix(while: Self.isNameByte), as: UTF8.self)
      .lowercased()
    guard !name.isEmpty || rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "?") else {
      // A lone "<" is text.
      text.append(UInt8(ascii: "<"))
      isAfterSpace = false
      position += 1
      return
    }
    leaveTag()
    if Self.blocks.contains(name) { line() }
    if !isEnd, Self.skipped.contains(name) { skip(past: "</\(name)") }
  }

  /// Goes behind the tag's end; a ">" in quotes does not end it.
  private mutating func leaveTag() {
    var quote: UInt8?
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: ">") {
        return
      }
    }
  }

  /// Goes behind the next such text, whatever its case, and behind the tag that it ends or opens; else to the end.
  private mutating func skip(past end: String) {
    let mark = Array(end.utf8)
    while position + mark.count <= bytes.count {
      if zip(mark, bytes[position...]).allSatisfy({ $0 == ($1 | (Self.isUpper($1) ? 0x20 : 0)) }) {
        position += mark.count
        return end.hasPrefix("</") ? leaveTag() : ()
      }
      position += 1
    }
    position = bytes.count
  }

  private mutating func entity() {
    let name = bytes[(position + 1)...].prefix(10).prefix { $0 != UInt8(ascii: ";") }
    let end = position + 1 + name.count
    isAfterSpace = false
    let isEnded = end < bytes.count && bytes[end] == UInt8(ascii: ";")
    if isEnded, let meaning = Self.meaning(String(decoding: name, as: UTF8.self)) {
      text += meaning.utf8
      position = end + 1
    } else {
      text.append(UInt8(ascii: "&"))
      position += 1
    }
  }

  private static func meaning(_ name: String) -> String? {
    guard name.hasPrefix("#") else { return entities[name] }
    let digits = name.dropFirst()
    let code = digits.lowercased().hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
    return code.flatMap { $0 == 0 ? nil : Unicode.Scalar($0) }.map { String(Character($0)) }
  }

  private static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || isUpper(byte) || (0x61...0x7A).contains(byte)
  }
}
