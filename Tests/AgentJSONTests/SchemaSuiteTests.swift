import AgentJSON
import Foundation
import Testing

@Suite struct SchemaSuiteTests {
  @Test func dump() throws {
    let suite = try SchemaSuite()
    for c in suite.cases {
      let r = suite.run(c)
      if r != c.isValid { print("FAIL", c.name, r.map{"\($0)"} ?? suite.loadError(c), "want", c.isValid) }
    }
    print("cases", suite.cases.count)
  }
}

/// The official JSON-Schema-Test-Suite, from the fixtures.
struct SchemaSuite {
  struct Case {
    let file: String
    let name: String
    let schema: JSONValue
    let data: JSONValue
    let isValid: Bool
  }

  private(set) var cases: [Case] = []
  private(set) var remotes: [String: JSONValue] = [:]

  init() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/json-schema-test-suite")
    for (path, document) in try Self.documents(in: root.appending(path: "remotes")) {
      remotes["http://localhost:1234/\(path)"] = document
    }
    for (path, document) in try Self.documents(in: root.appending(path: "tests")) {
      let file = String(path.dropLast(".json".count))
      for group in document.arrayValue ?? [] {
        for test in group["tests"]?.arrayValue ?? [] {
          let names = [file, group["description"]?.stringValue ?? "", test["description"]?.stringValue ?? ""]
          cases.append(
            Case(
              file: file, name: names.joined(separator: " | "), schema: group["schema"] ?? .null,
              data: test["data"] ?? .null, isValid: test["valid"] == true))
        }
      }
    }
  }

  private static func documents(in folder: URL) throws -> [(String, JSONValue)] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }.sorted().map {
      ($0, try JSONValue(parsing: Array(Data(contentsOf: folder.appending(path: $0)))))
    }
  }

  private func options(_ test: Case) -> JSONSchema.Options {
    var options = JSONSchema.Options()
    options.documents = remotes
    options.assertsFormat = test.file.hasPrefix("optional/format/")
    return options
  }

  /// Whether the schema takes the data; nil if the schema is refused.
  func run(_ test: Case) -> Bool? {
    guard let schema = try? JSONSchema(test.schema, options: options(test)) else { return nil }
    return schema.validate(test.data).isEmpty
  }
  func loadError(_ test: Case) -> String {
    do { _ = try JSONSchema(test.schema, options: options(test)); return "" } catch { return "\(error)" }
  }
}
