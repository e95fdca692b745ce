import AgentJSON
import AgentRuntime
import Foundation

/// The built-in templates, each released version of each, and what is kept of their schemas under Fixtures/.
enum BuiltinSchema {
  /// Every version that the program registers; a test of the program holds its own list against the fixtures' names.
  static let templates: [any AgentTemplate.Type] = [
    CustomerServiceBot.self, TaskExecutionBot.self, CustomCodeBot.self,
  ]

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures")

  /// A template's version as it was released; nil where no fixture has its name.
  static func released(_ id: String, _ version: String) throws -> String? {
    let file = folder.appending(path: "template-\(id)-\(version).json")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return try String(contentsOf: file, encoding: .utf8)
  }

  /// The digest of the templates by the schema's version.
  static func digests() throws -> JSONObject {
    let data = try Data(contentsOf: folder.appending(path: "schema-digests.json"))
    return try JSONValue(parsing: Array(data)).objectValue ?? [:]
  }

  /// FNV-1a of 64 bits over the templates as `GET /v1/schema` shows them, in 16 hexadecimal digits.
  static func digest(_ catalog: TemplateCatalog) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in JSONValue.array(catalog.newest.map { .object($0.json) }).encoded() {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    let text = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}
