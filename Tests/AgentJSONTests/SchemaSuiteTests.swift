import AgentJSON
import Foundation
import Testing

/// A part of the official suite that is left out.
struct LeftOut {
  /// The start of the names of its tests: file, group and test.
  let prefix: String
  let reason: String
  /// How many tests that are.
  let count: Int
  /// How many of them fail; the others pass since an unknown format is an annotation.
  let failing: Int

  /// All that is left out; docs/json-schema.md shows the same list.
  static let all = [
    LeftOut(
      prefix: "optional/cross-draft | refs to historic drafts are processed as historic drafts |",
      reason: "other drafts than 2020-12 are not implemented", count: 1, failing: 1),
    LeftOut(
      prefix: "optional/format/idn-hostname |", reason: "needs the tables of IDNA 2008 (RFC 5892)", count: 65,
      failing: 34),
  ]
}

@Suite("The official JSON-Schema-Test-Suite, draft 2020-12")
struct SchemaSuiteTests {
  private let suite: SchemaSuite

  init() throws { suite = try SchemaSuite() }

  private func isLeftOut(_ test: SchemaSuite.Case) -> Bool { LeftOut.all.contains { test.name.hasPrefix($0.prefix) } }

  @Test func everyTestPassesUnlessItIsLeftOut() {
    let tests = suite.cases.filter { !isLeftOut($0) }
    #expect(tests.count > 1_800)
    for test in tests {
      #expect(suite.run(test) == test.isValid, "\(test.name)")
    }
  }

  @Test func whatIsLeftOutFailsIndeed() {
    for entry in LeftOut.all {
      let tests = suite.cases.filter { $0.name.hasPrefix(entry.prefix) }
      #expect(tests.count == entry.count, "\(entry.prefix)")
      #expect(tests.count { suite.run($0) != $0.isValid } == entry.failing, "\(entry.prefix)")
    }
  }

  @Test func noRequiredTestIsLeftOut() {
    #expect(LeftOut.all.allSatisfy { $0.prefix.hasPrefix("optional/") && !$0.reason.isEmpty })
  }

  @Test func theDocumentationListsWhatIsLeftOut() throws {
    let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().appending(
      path: "../../docs/json-schema.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    for entry in LeftOut.all {
      let name = entry.prefix.prefix { $0 != "|" }.trimmingCharacters(in: .whitespaces)
      #expect(text.contains("| `\(name)` |"))
      #expect(text.contains(entry.reason))
    }
    for format in JSONSchema.assertedFormats { #expect(text.contains("`\(format)`"), "\(format)") }
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
}
