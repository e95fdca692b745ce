import AgentHTTP

/// What an answer's headers say of its body.
struct ContentKind: Sendable, Hashable {
  enum Charset: Hashable {
    case utf8, latin1
  }

  /// `type/subtype` in lower case; empty where the answer names none.
  let mediaType: String
  /// As named; nil where the answer names none.
  let charsetName: String?
  /// Nil without a coding, or with `identity`.
  let coding: String?
  /// The announced length.
  let length: String?

  init(mediaType: String, charsetName: String? = nil, coding: String? = nil, length: String? = nil) {
    self.mediaType = mediaType
    self.charsetName = charsetName
    self.coding = coding
    self.length = length
  }

  init(_ head: AnswerHead) {
    let parts = (head.header("content-type") ?? "").lowercased().split(separator: ";")
    let charset = parts.dropFirst().lazy.map(Self.trimmed).first { $0.hasPrefix("charset=") }
    let coding = head.header("content-encoding").map { Self.trimmed($0.lowercased()[...]) }
    self.init(
      mediaType: String((parts.first.map(Self.trimmed) ?? "").prefix(100)),
      charsetName: charset.map { String($0.dropFirst("charset=".count).filter { $0 != "\"" }.prefix(40)) },
      coding: coding == "identity" || coding == "" ? nil : coding.map { String($0.prefix(40)) },
      length: head.header("content-length").map { String($0.prefix(20)) })
  }

  var isHTML: Bool { mediaType == "text/html" || mediaType == "application/xhtml+xml" }

  /// Whether the body is text that can be given to a model.
  var isReadable: Bool { coding == nil && charset != nil && isText }

  /// Nil for one that is not read here. A page that names none is taken for UTF-8, as most are.
  var charset: Charset? {
    switch charsetName {
    case nil, "utf-8", "utf8", "us-ascii": .utf8
    // Browsers read them all as windows-1252; what differs are a few typographic marks.
    case "iso-8859-1", "latin1", "windows-1252": .latin1
    default: nil
    }
  }

  private var isText: Bool {
    if mediaType.hasPrefix("text/") { return true }
    if mediaType.hasSuffix("+json") || mediaType.hasSuffix("+xml") { return true }
    return ["application/json", "application/xml", "application/x-ndjson", "application/javascript"].contains(mediaType)
  }

  func text(_ bytes: [UInt8]) -> String {
    switch charset {
    case .latin1: String(String.UnicodeScalarView(bytes.lazy.map { Unicode.Scalar($0) }))
    // A cut may have split a character: its bytes become one replacement mark at the end.
    default: String(decoding: bytes, as: UTF8.self)
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}
