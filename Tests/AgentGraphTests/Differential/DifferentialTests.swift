import AgentGraph
import AgentJSON
import AgentTesting
import Foundation
import Testing

/// Runs the graph files of Tests/Differential on this engine, and compares what comes of each with what comes of it
/// on LangGraph. scripts/test.sh asks LangGraph first; its answers are in the folder that the variable names.
@Suite("Differential")
struct DifferentialTests {
  private static let variable = "APUS_DIFFERENTIAL_EXPECTED"

  private static let expectedFolder = ProcessInfo.processInfo.environment[variable].map { URL(filePath: $0) }

  private static let graphsFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Differential/graphs")

  private static func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: graphsFolder.path).filter { $0.hasSuffix(".json") }.sorted()
  }

  /// Nothing to compare is no agreement.
  static let cases = expectedFolder.map { _ in ((try? names()) ?? []).map { DifferentialCase(file: $0) } } ?? []

  @Test("Differential: what LangGraph says of the graph files is there")
  func expectationsAreThere() throws {
    let folder = try #require(
      Self.expectedFolder,
      """
      \(Self.variable) is not set. It names a folder that this made: \
      Tests/Differential/reference.py --out FOLDER (scripts/test.sh does)
      """)
    let missing = try Self.names().filter { !FileManager.default.fileExists(atPath: folder.appending(path: $0).path) }
    #expect(missing.isEmpty, "reference.py made no results for these files")
    #expect(!Self.cases.isEmpty)
  }

  @Test("Differential", arguments: cases)
  func agrees(_ differentialCase: DifferentialCase) async throws {
    let file = try Self.json(Self.graphsFolder, differentialCase.file)
    let expected = try DifferentialExpectation(
      Self.json(try #require(Self.expectedFolder), differentialCase.file), notes: file["differs"])
    let found = try await GraphScenario.run(file)
    expected.compare(found, "as the file says")
    for durability in Durability.allCases {
      let saves = try Self.saves(file)
      if durability == .exit, saves.areNamed { continue }
      let again = try await GraphScenario.run(file, durability: durability)
      expected.compare(
        again, "with durability \(durability.rawValue)", countsCheckpoints: durability != .exit && !saves.wait)
    }
    expected.compare(
      try await GraphScenario.run(file, checkpointer: EncodingCheckpointer()), "with everything encoded")
  }

  /// Whether a step begins at a checkpoint that `exit` would not save, and whether one says `exit` itself.
  private static func saves(_ file: JSONValue) throws -> (areNamed: Bool, wait: Bool) {
    let steps = try file.member("scenario").items
    return (steps.contains { $0["checkpoint"] != nil }, steps.contains { $0["durability"] == "exit" })
  }

  private static func json(_ folder: URL, _ name: String) throws -> JSONValue {
    try JSONValue(parsing: Array(Data(contentsOf: folder.appending(path: name))))
  }
}

/// A graph file.
struct DifferentialCase: Sendable, CustomTestStringConvertible {
  let file: String
  var testDescription: String { "Differential \(file)" }
}

/// What a graph file is to come to: what LangGraph makes of it, and where this engine differs on purpose.
struct DifferentialExpectation {
  private var compiles: JSONValue
  private var steps: [JSONValue]

  init(_ reference: JSONValue, notes: JSONValue?) throws {
    compiles = try reference.member("compiles")
    steps = try reference.member("steps").items
    for note in try notes?.items ?? [] {
      let expected = try note.member("expected")
      if let place = note["step"]?.intValue {
        for (key, value) in try expected.object { steps[place] = steps[place].replacing(key, value) }
      } else {
        compiles = expected["compiles"] ?? compiles
        steps = try expected["steps"]?.items ?? steps
      }
    }
  }

  /// Records every difference as an issue.
  func compare(_ found: JSONValue, _ how: Comment, countsCheckpoints: Bool = true) {
    #expect(found["compiles"] == compiles, how)
    let foundSteps = found["steps"]?.arrayValue ?? []
    #expect(foundSteps.count == steps.count, how)
    for (place, (expected, step)) in zip(steps, foundSteps).enumerated() {
      for (key, value) in expected.objectValue ?? [:] where key != "checkpoints" || countsCheckpoints {
        let isSame = Self.agree(key, value, step[key] ?? .null)
        #expect(
          isSame,
          "step \(place), \(key), \(how): expected \(value.sortedText), found \((step[key] ?? .null).sortedText)")
      }
    }
  }

  private static func agree(_ key: String, _ expected: JSONValue, _ found: JSONValue) -> Bool {
    switch key {
    case "next": expected.isNull || expected == found
    case "interrupts": expected.isNull || sorted(expected) == sorted(found)
    case "error":
      expected.isNull ? found.isNull : expected.objectValue?.allSatisfy { found[$0.key] == $0.value } ?? false
    default: expected == found
    }
  }

  private static func sorted(_ list: JSONValue) -> [String] { (list.arrayValue ?? []).map(\.sortedText).sorted() }
}

extension JSONValue {
  fileprivate func replacing(_ key: String, _ value: JSONValue) -> JSONValue {
    var object = objectValue ?? [:]
    object[key] = value
    return .object(object)
  }
}
