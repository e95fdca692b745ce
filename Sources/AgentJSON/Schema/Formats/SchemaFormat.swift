/// The formats that can be asserted.
enum SchemaFormat: String, CaseIterable {
  case date
  case dateTime = "date-time"
  case duration
  case email
  case hostname
  case idnEmail = "idn-email"
  case ipv4
  case ipv6
  case iri
  case iriReference = "iri-reference"
  case jsonPointer = "json-pointer"
  case regex
  case relativeJSONPointer = "relative-json-pointer"
  case time
  case uri
  case uriReference = "uri-reference"
  case uriTemplate = "uri-template"
  case uuid

  func accepts(_ text: String) -> Bool {
    var scanner = FormatScanner(text)
    switch self {
    case .date: return scanner.date() && scanner.isAtEnd
    case .dateTime: return scanner.date() && scanner.takeLetter("t") && scanner.time() && scanner.isAtEnd
    case .duration: return scanner.duration() && scanner.isAtEnd
    case .email: return scanner.email(allowsUnicode: false)
    case .idnEmail: return scanner.email(allowsUnicode: true)
    case .hostname: return FormatScanner.isHostname(scanner.rest, allowsUnicode: false)
    case .ipv4: return FormatScanner.isIPv4(scanner.rest)
    case .ipv6: return FormatScanner.isIPv6(scanner.rest)
    case .iri: return URISyntax(allowsUnicode: true).accepts(text, isReference: false)
    case .iriReference: return URISyntax(allowsUnicode: true).accepts(text, isReference: true)
    case .jsonPointer: return scanner.jsonPointer() && scanner.isAtEnd
    case .regex: return Self.isRegex(text)
    case .relativeJSONPointer: return scanner.relativeJSONPointer() && scanner.isAtEnd
    case .time: return scanner.time() && scanner.isAtEnd
    case .uri: return URISyntax(allowsUnicode: false).accepts(text, isReference: false)
    case .uriReference: return URISyntax(allowsUnicode: false).accepts(text, isReference: true)
    case .uriTemplate: return scanner.uriTemplate()
    case .uuid: return scanner.uuid() && scanner.isAtEnd
    }
  }

  /// A pattern that is well-formed as far as the parser can tell, even if it is none of the supported subset.
  private static func isRegex(_ text: String) -> Bool {
    do {
      _ = try PatternParser.parse(text)
      return true
    } catch {
      return error.isUnsupported
    }
  }
}
