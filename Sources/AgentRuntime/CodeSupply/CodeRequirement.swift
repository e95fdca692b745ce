/// One version of one package: `requests==2.32.0`, or `httpx[http2]==0.27.0`.
public struct CodeRequirement: Sendable, Hashable, CustomStringConvertible {
  /// The name as indexes compare it (PEP 503): in lower case, with one `-` for each run of `-`, `_` and `.`.
  public let name: String
  /// The extras, in the same form, sorted.
  public let extras: [String]
  /// The version (PEP 440).
  public let version: String

  /// Characters of a requirement at most.
  static let lengthMax = 200
  static let allowed = "allowed is one exact version, such as requests==2.32.0 or httpx[http2]==0.27.0"

  /// Reads a requirement. Throws `CodeGrammarFault` for anything that is not one exact version by its name.
  public init(_ text: String) throws(CodeGrammarFault) {
    func fault(_ problem: String) -> CodeGrammarFault {
      CodeGrammarFault("'\(text.excerpt)' \(problem); \(Self.allowed)")
    }
    guard text.unicodeScalars.count <= Self.lengthMax else {
      throw fault("has more than \(Self.lengthMax) characters")
    }
    let parts = text.split(separator: " ")
    let compact = parts.joined()
    if compact.isEmpty { throw fault("is empty") }
    if compact.hasPrefix("-") { throw fault("is an option of pip, not a package") }
    if compact.contains("://") || compact.contains("@") || compact.contains("/") || compact.hasPrefix(".") {
      throw fault("is a URL or a path, not a package of the index")
    }
    if compact.contains(";") { throw fault("has a marker") }
    let sides = Self.split(compact)
    guard let version = sides.version else { throw fault("names no exact version") }
    guard PythonVersion.isOne(version) else { throw fault("has no version of PEP 440 behind ==") }
    guard let (name, extras) = Self.package(sides.package), parts.count == 1 || Self.isSpaced(parts) else {
      throw fault("does not begin with a package's name")
    }
    self.name = name
    self.extras = extras
    self.version = String(version)
  }

  /// As pip reads it.
  public var description: String {
    "\(name)\(extras.isEmpty ? "" : "[\(extras.joined(separator: ","))]")==\(version)"
  }

  private static func split(_ text: String) -> (package: Substring, version: Substring?) {
    let package = text.prefix { !"=<>!~".contains($0) }
    let rest = text.dropFirst(package.count)
    guard rest.hasPrefix("=="), !rest.hasPrefix("===") else { return (package, nil) }
    return (package, rest.dropFirst(2))
  }

  /// Blanks may stand around `==` and in a list of extras, and nowhere within a name or a version.
  private static func isSpaced(_ parts: [Substring]) -> Bool {
    zip(parts, parts.dropFirst()).allSatisfy { left, right in
      left.last.map("=,[".contains) == true || right.first.map("=,[]".contains) == true
    }
  }

  private static func package(_ text: Substring) -> (String, [String])? {
    guard let bracket = text.firstIndex(of: "[") else { return normalized(text).map { ($0, []) } }
    guard text.hasSuffix("]"), let name = normalized(text[..<bracket]) else { return nil }
    let list = text[text.index(after: bracket)...].dropLast()
    let extras = list.split(separator: ",", omittingEmptySubsequences: false).map(normalized)
    guard !extras.contains(nil) else { return nil }
    return (name, Set(extras.compactMap { $0 }).sorted())
  }

  /// A name of PEP 508 in the form of PEP 503; nil for what is none.
  static func normalized(_ text: Substring) -> String? {
    guard let first = text.utf8.first, let last = text.utf8.last, isLetterOrDigit(first), isLetterOrDigit(last) else {
      return nil
    }
    var name = ""
    for byte in text.utf8 {
      if isLetterOrDigit(byte) {
        name.unicodeScalars.append(Unicode.Scalar(byte | (byte >= 0x41 && byte <= 0x5A ? 0x20 : 0)))
      } else if "-_.".utf8.contains(byte) {
        if !name.hasSuffix("-") { name += "-" }
      } else {
        return nil
      }
    }
    return name
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool { byte.isDigitOrLowercase || (0x41...0x5A).contains(byte) }
}

/// What someone wrote is not what it should be: which text, why, and what is allowed.
public struct CodeGrammarFault: Error, Sendable, Hashable {
  /// For the author.
  public let message: String

  init(_ message: String) { self.message = message }
}
