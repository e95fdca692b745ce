import AgentRuntime
import Testing

struct SemanticVersionTests {
  @Test(arguments: [
    ("1.2.3", "1.2.3"), ("0.0.0", "0.0.0"), ("10.20.30", "10.20.30"), ("1.2.3-beta", "1.2.3-beta"),
    ("1.2.3-beta.1", "1.2.3-beta.1"), ("1.2.3-x-y.7", "1.2.3-x-y.7"), ("1.2.3+build", "1.2.3"),
    ("1.2.3-a+b-c.1", "1.2.3-a"), ("1.2.3+001", "1.2.3"), ("1.2.3-0", "1.2.3-0"), ("1.2.3-0a", "1.2.3-0a"),
  ])
  func reads(text: String, description: String) {
    #expect(SemanticVersion(text)?.description == description)
  }

  @Test(arguments: [
    "", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.x", "01.2.3", "1.02.3", "1.2.03", "1.2.3-", "1.2.3-a..b", "1.2.3-ä",
    "1.2.3-a_b", " 1.2.3", "1.2.3 ", "+1.2.3", "-1.2.3", "1.-2.3", "1.2.99999999999999999999", "１.2.3", "1..3", "+",
    "-",
    "1.2.3+", "1.2.3+a+b", "1.2.3+a b", "1.2.3-01",
  ])
  func refuses(text: String) {
    #expect(SemanticVersion(text) == nil)
  }

  /// The order of semver.org 2.0.0, section 11.
  @Test func orders() throws {
    let texts = [
      "0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
      "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0",
    ]
    let versions = try texts.map { try #require(SemanticVersion($0)) }
    for (left, a) in versions.enumerated() {
      for (right, b) in versions.enumerated() { #expect((a < b) == (left < right), "\(a) < \(b)") }
    }
  }
}

struct SchemaHistoryTests {
  private static let history = SchemaHistory(
    earlier: [
      SchemaHistory.Entry(version: SemanticVersion(1, 2, 0), date: "2026-01-01T00:00:00.000Z"),
      SchemaHistory.Entry(
        version: SemanticVersion(1, 3, 0), date: "2026-02-01T00:00:00.000Z", breakingChanges: ["x is required"]),
      SchemaHistory.Entry(version: SemanticVersion(1, 4, 0), date: "2026-03-01T00:00:00.000Z"),
    ],
    current: SchemaHistory.Entry(
      version: SemanticVersion(1, 5, 0), date: "2026-04-01T00:00:00.000Z", breakingChanges: ["y is gone", "z is gone"]))

  @Test(
    arguments: [
      ("1.5.0", nil), ("1.5.0+build", nil),
      ("1.4.0", ["1.5.0: y is gone", "1.5.0: z is gone"]),
      ("1.4.9", ["1.5.0: y is gone", "1.5.0: z is gone"]),
      ("1.5.0-beta", ["1.5.0: y is gone", "1.5.0: z is gone"]),
      ("1.3.0", ["1.5.0: y is gone", "1.5.0: z is gone"]),
      ("1.2.0", ["1.3.0: x is required", "1.5.0: y is gone", "1.5.0: z is gone"]),
      ("1.5.1", ["version 1.5.1 is newer than this runtime's 1.5.0"]),
      ("1.6.0-rc.1", ["version 1.6.0-rc.1 is newer than this runtime's 1.5.0"]),
      ("2.0.0", ["major version 2 is not 1"]),
      (
        "0.9.0",
        ["1.3.0: x is required", "1.5.0: y is gone", "1.5.0: z is gone", "major version 0 is not 1"]
      ),
    ] as [(String, [String]?)])
  func incompatibility(client: String, reasons: [String]?) throws {
    let client = try #require(SemanticVersion(client))
    #expect(Self.history.incompatibility(with: client) == reasons)
  }

  @Test func aChangeThatBreaksNothingIsCompatible() {
    let history = SchemaHistory(
      earlier: [.init(version: SemanticVersion(1, 2, 0), date: "")],
      current: .init(version: SemanticVersion(1, 9, 3), date: ""))
    #expect(history.incompatibility(with: SemanticVersion(1, 0, 0)) == nil)
    #expect(history.incompatibility(with: SemanticVersion(1, 9, 3)) == nil)
  }
}
