import AgentJSON
import FoundationEssentials

/// Header values of the stateless era.
enum MCPHeaders {
  /// A text as a header's value: as it is if it is printable ASCII, else in base64 with the protocol's marks.
  static func encoded(_ text: String) -> String {
    let isPlain =
      text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && text.first != " " && text.last != " "
      && !(text.hasPrefix("=?base64?") && text.hasSuffix("?="))
    return isPlain ? text : "=?base64?\(Data(text.utf8).base64EncodedString())?="
  }

  /// The arguments that the schema marks with `x-mcp-header`, as headers.
  static func repeated(_ arguments: JSONObject, schema: JSONObject) -> [(name: String, value: String)] {
    guard let properties = schema["properties"]?.objectValue else { return [] }
    var headers: [(name: String, value: String)] = []
    for (key, property) in properties {
      guard let value = arguments[key], let schema = property.objectValue else { continue }
      if let token = schema["x-mcp-header"]?.stringValue, isToken(token), let text = scalar(value) {
        headers.append(("Mcp-Param-\(token)", encoded(text)))
      } else if let inner = value.objectValue {
        headers += repeated(inner, schema: schema)
      }
    }
    return headers
  }

  private static func isToken(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          || "!#$%&'*+-.^_`|~".utf8.contains(byte)
      }
  }

  private static func scalar(_ value: JSONValue) -> String? {
    switch value {
    case .null, .array, .object: nil
    default: value.stringValue ?? value.encodedText
    }
  }
}
