/// Lets of a text that comes in pieces that part through which is a JSON object or array, as it comes: prose, fences
/// and what follows the value stay behind.
///
/// The value must begin a line. Any other one is found when the text has ended, by `JSONExtraction`. Nothing is parsed
/// here: what has gone through may be broken.
struct JSONStreamFilter: Sendable, Hashable {
  private enum Stage: Sendable, Hashable {
    /// Looks for a bracket that begins a line.
    case searching(isAtLineStart: Bool)
    /// Has one, and waits for what says whether it may be JSON.
    case probing(String)
    /// Lets everything through.
    case within(JSONNesting)
    /// The value has ended.
    case done
  }

  private var stage = Stage.searching(isAtLineStart: true)
  private var isFirst = true
  private let takesArrays: Bool

  /// With or without arrays.
  init(takesArrays: Bool) { self.takesArrays = takesArrays }

  /// What of a piece goes on; empty where nothing does.
  mutating func take(_ piece: String) -> String {
    var (output, rest) = ("", Substring(piece))
    while !rest.isEmpty {
      switch stage {
      case .done: return output
      case .searching(let isAtLineStart): search(&rest, isAtLineStart)
      case .probing(let held): probe(held, &rest)
      case .within(let nesting): output += pass(nesting, &rest)
      }
    }
    return output
  }

  private mutating func search(_ rest: inout Substring, _ isAtLineStart: Bool) {
    var isAtLineStart = isAtLineStart
    while let scalar = rest.unicodeScalars.first {
      if isAtLineStart, scalar == "{" || takesArrays && scalar == "[" {
        // What an answer begins with needs no second look.
        stage = isFirst ? .within(JSONNesting()) : .probing("")
        isFirst = false
        return
      }
      if scalar == "\n" {
        isAtLineStart = true
      } else if !scalar.properties.isWhitespace, scalar != "\u{FEFF}" {
        (isAtLineStart, isFirst) = (false, false)
      }
      rest.unicodeScalars.removeFirst()
    }
    stage = .searching(isAtLineStart: isAtLineStart)
  }

  private mutating func probe(_ held: String, _ rest: inout Substring) {
    let whole = held + rest
    guard let isPlausible = JSONStart.isPlausible(whole.utf8) else {
      rest = ""
      // A bracket with nothing but space behind it goes on being looked at; so much space is no JSON.
      stage = whole.utf8.count > 256 ? .searching(isAtLineStart: false) : .probing(whole)
      return
    }
    guard isPlausible else {
      stage = .searching(isAtLineStart: false)
      rest = Substring(whole.unicodeScalars.dropFirst())
      return
    }
    stage = .within(JSONNesting())
    rest = Substring(whole)
  }

  private mutating func pass(_ nesting: JSONNesting, _ rest: inout Substring) -> String {
    var nesting = nesting
    let bytes = rest.utf8
    for index in bytes.indices where nesting.take(bytes[index]) {
      let end = bytes.index(after: index)
      let passed = String(rest[..<end])
      rest = rest[end...]
      stage = .done
      return passed
    }
    defer { rest = "" }
    stage = .within(nesting)
    return String(rest)
  }
}
