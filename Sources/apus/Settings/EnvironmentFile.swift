/// The variables of a `.env` file.
///
/// The form is the one that docker compose and python-dotenv share: `NAME=value`, `export` in front of it, `#`
/// comments, and quotes, within which a value may go on over lines; `"` knows `\n \r \t \" \\ \$`, `'` takes all as
/// it stands. Variables inside values are not replaced. Of a name that comes twice the last value counts.
struct EnvironmentFile: Sendable {
  /// The values by their names.
  private(set) var values: [String: String] = [:]
  /// Lines that are none of this; they are never quoted, for they may hold a secret.
  private(set) var faults: [SettingFault] = []

  /// Reads all lines, also those behind a faulty one.
  init(_ text: String) {
    var scanner = Scanner(text)
    while scanner.skipToStatement() {
      let line = scanner.line
      do {
        let (name, value) = try scanner.statement()
        values[name] = value
      } catch {
        faults.append(SettingFault(name: ".env line \(line)", problem: error.problem, allowed: error.allowed))
        scanner.skipLine()
      }
    }
  }
}

/// Why a line is refused.
private struct LineFault: Error {
  var problem: String
  var allowed = "NAME=value, NAME=\"value\", NAME='value', # comment"
}

/// Goes over the text scalar by scalar: `Character` would join CR and LF.
private struct Scanner {
  private let text: [Unicode.Scalar]
  private var index = 0
  private(set) var line = 1

  init(_ text: String) {
    self.text = Array(text.unicodeScalars)
    if self.text.first == "\u{FEFF}" { index = 1 }
  }

  private var current: Unicode.Scalar? { index < text.count ? text[index] : nil }

  private mutating func advance() {
    if current == "\n" { line += 1 }
    index += 1
  }

  private mutating func skipBlanks() {
    while let scalar = current, scalar.isBlank { advance() }
  }

  mutating func skipLine() {
    while let scalar = current, scalar != "\n" { advance() }
  }

  /// Goes to the next line that holds something; false at the end.
  mutating func skipToStatement() -> Bool {
    while let scalar = current {
      if scalar == "#" { skipLine() } else if scalar.isBlank || scalar == "\n" { advance() } else { return true }
    }
    return false
  }

  mutating func statement() throws(LineFault) -> (name: String, value: String) {
    var name = takeText { $0 == "=" || $0 == "\n" }
    guard current == "=" else { throw LineFault(problem: "has no =") }
    advance()
    if name.hasPrefix("export "), let last = name.split(separator: " ").last { name = String(last) }
    guard name.isVariableName else {
      throw LineFault(problem: "has a name that no variable can have", allowed: "A-Z a-z 0-9 _ . -, no digit first")
    }
    let isSpaced = current?.isBlank == true
    skipBlanks()
    if let quote = current, quote == "\"" || quote == "'" { return (name, try quoted(by: quote)) }
    return (name, plain(isSpaced: isSpaced))
  }

  /// Takes what comes before the mark, without the blanks at its end.
  private mutating func takeText(until isEnd: (Unicode.Scalar) -> Bool) -> String {
    var taken = String.UnicodeScalarView()
    while let scalar = current, !isEnd(scalar) {
      taken.append(scalar)
      advance()
    }
    while taken.last?.isBlank == true { taken.removeLast() }
    return String(taken)
  }

  /// A `#` begins a comment only behind a blank: it may stand in a password.
  private mutating func plain(isSpaced: Bool) -> String {
    var isBehindBlank = isSpaced
    let value = takeText { scalar in
      defer { isBehindBlank = scalar.isBlank }
      return scalar == "\n" || scalar == "#" && isBehindBlank
    }
    skipLine()
    return value
  }

  private mutating func quoted(by quote: Unicode.Scalar) throws(LineFault) -> String {
    let (openedAt, openedOn) = (index, line)
    var value = String.UnicodeScalarView()
    advance()
    while let scalar = current, scalar != quote {
      advance()
      if quote == "\"", scalar == "\\", let escaped = current {
        if let meant = Self.escapes[escaped] {
          value.append(meant)
        } else {
          value.append(contentsOf: [scalar, escaped])
        }
        advance()
      } else {
        value.append(scalar)
      }
    }
    guard current == quote else {
      // Back to the opening, so that the other lines are read as well.
      (index, line) = (openedAt, openedOn)
      throw LineFault(problem: "opens a quote that is never closed")
    }
    advance()
    skipBlanks()
    guard current == nil || current == "\n" || current == "#" else {
      throw LineFault(problem: "has text behind its closing quote")
    }
    skipLine()
    return String(value)
  }

  private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
    "n": "\n", "r": "\r", "t": "\t", "\"": "\"", "\\": "\\", "$": "$",
  ]
}

extension Unicode.Scalar {
  fileprivate var isBlank: Bool { self == " " || self == "\t" || self == "\r" }
}

extension String {
  fileprivate var isVariableName: Bool {
    guard let first = utf8.first, !(0x30...0x39).contains(first) else { return false }
    return utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
      default: false
      }
    }
  }
}
