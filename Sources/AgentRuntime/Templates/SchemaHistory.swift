/// The versions of the schema that `GET /v1/schema` serves. An entry is added when, and only when, a template's schema
/// changes; a test holds the newest entry's digest against the templates that this binary has.
public struct SchemaHistory: Sendable {
  /// One version of the schema.
  public struct Entry: Sendable, Hashable {
    /// Semantic version.
    public var version: SemanticVersion
    /// When it was made, ISO 8601.
    public var date: String
    /// What clients of older versions must change; empty where nothing broke.
    public var breakingChanges: [String]

    /// Makes an entry.
    public init(version: SemanticVersion, date: String, breakingChanges: [String] = []) {
      self.version = version
      self.date = date
      self.breakingChanges = breakingChanges
    }
  }

  /// All versions, oldest first, never empty.
  public let entries: [Entry]
  /// The newest version.
  public let current: Entry

  /// A history that ends with `current`.
  public init(earlier: [Entry] = [], current: Entry) {
    entries = earlier + [current]
    self.current = current
  }

  /// The history of the built-in templates.
  public static let builtin = SchemaHistory(
    earlier: [
      Entry(version: SemanticVersion(1, 2, 0), date: "2026-11-22T00:00:00.000Z"),
      // custom-code-bot 1.0.0 came.
      Entry(version: SemanticVersion(1, 3, 0), date: "2026-11-23T00:00:00.000Z"),
    ],
    // task-execution-bot 1.1.0 came.
    current: Entry(version: SemanticVersion(1, 4, 0), date: "2026-11-23T00:00:00.000Z"))

  /// Why a client that knows `client` cannot use the current schema: the breaking changes since then, or what else
  /// sets them apart. Nil where it can (contract §3).
  public func incompatibility(with client: SemanticVersion) -> [String]? {
    let broken = entries.filter { client < $0.version }.flatMap { entry in
      entry.breakingChanges.map { "\(entry.version): \($0)" }
    }
    if client.major != current.version.major {
      return broken + ["major version \(client.major) is not \(current.version.major)"]
    }
    if current.version < client { return ["version \(client) is newer than this runtime's \(current.version)"] }
    return broken.isEmpty ? nil : broken
  }
}

/// A version of three numbers and an optional pre-release label (semver.org 2.0.0).
public struct SemanticVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Breaking changes.
  public let major: Int
  /// Additions.
  public let minor: Int
  /// Corrections.
  public let patch: Int
  /// What stands behind `-`; empty for a release.
  public let prerelease: String

  /// Makes a release's version.
  public init(_ major: Int, _ minor: Int, _ patch: Int) {
    (self.major, self.minor, self.patch, prerelease) = (major, minor, patch, "")
  }

  /// Reads `1.2.3`, `1.2.3-beta.1` or `1.2.3+build`; nil for anything else.
  public init?(_ text: String) {
    let halves = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 1 || Self.isLabel(halves[1], numbersMayStartWithZero: true) else { return nil }
    let parts = halves[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(Self.number)
    guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else { return nil }
    let label = parts.count > 1 ? String(parts[1]) : ""
    guard parts.count == 1 || Self.isLabel(parts[1], numbersMayStartWithZero: false) else { return nil }
    (self.major, self.minor, self.patch, prerelease) = (major, minor, patch, label)
  }

  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), text == "0" || text.first != "0" else {
      return nil
    }
    return Int(text)
  }

  private static func isLabel(_ text: Substring, numbersMayStartWithZero: Bool) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      let isNumber = part.utf8.allSatisfy { (48...57).contains($0) }
      return !part.isEmpty && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        && (!isNumber || numbersMayStartWithZero || part == "0" || part.first != "0")
    }
  }

  /// By precedence; of a pre-release and its release, the pre-release is the smaller.
  public static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
    let (a, b) = ((left.major, left.minor, left.patch), (right.major, right.minor, right.patch))
    if a != b { return a < b }
    if left.prerelease.isEmpty || right.prerelease.isEmpty {
      return !left.prerelease.isEmpty && right.prerelease.isEmpty
    }
    let pairs = zip(left.prerelease.split(separator: "."), right.prerelease.split(separator: "."))
    guard let (a, b) = pairs.first(where: { $0 != $1 }) else { return left.prerelease.count < right.prerelease.count }
    // Numbers have no zeros in front, so that the longer one is the greater.
    switch (a.utf8.allSatisfy { (48...57).contains($0) }, b.utf8.allSatisfy { (48...57).contains($0) }) {
    case (true, true): return (a.utf8.count, String(a)) < (b.utf8.count, String(b))
    case (false, false): return a < b
    case (let isNumber, _): return isNumber
    }
  }

  /// `1.2.3` or `1.2.3-beta`.
  public var description: String {
    "\(major).\(minor).\(patch)" + (prerelease.isEmpty ? "" : "-\(prerelease)")
  }
}
