/// Parses the supported subset of ECMA-262 regular expressions; text and pattern are taken as code points (flag u).
///
/// Supported: literals, `.`, classes, `\d \w \s` and their negations, `\p{…}` of general categories and some binary
/// properties, groups (capturing, named or not: nothing is captured), `|`, greedy and lazy quantifiers, `^ $ \b \B`.
/// Not supported, since linear time rules them out: lookaround and backreferences; nor are inline flags.
/// As browsers do without the flag u, `]`, `}`, and a `{` that opens no quantifier stand for themselves, and so does
/// an escaped character other than a letter or digit.
struct PatternParser {
  static let groupDepthMax = 50
  static let repeatMax = 10_000

  private let scalars: [UnicodeScalar]
  private var position = 0
  private var groupDepth = 0

  static func parse(_ text: String) throws(PatternError) -> PatternNode {
    var parser = PatternParser(scalars: Array(text.unicodeScalars))
    let node = try parser.choice()
    if parser.peek != nil { throw parser.error("a ) closes no group") }
    return node
  }

  private init(scalars: [UnicodeScalar]) { self.scalars = scalars }

  var peek: UnicodeScalar? { position < scalars.count ? scalars[position] : nil }

  mutating func next() -> UnicodeScalar? {
    guard let scalar = peek else { return nil }
    position += 1
    return scalar
  }

  mutating func take(_ text: String) -> Bool {
    let wanted = text.unicodeScalars
    guard scalars[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  func error(_ message: String) -> PatternError {
    PatternError(message: "\(message) (near character \(min(position, scalars.count)))")
  }

  func unsupported(_ message: String) -> PatternError {
    PatternError(message: error(message).message, isUnsupported: true)
  }

  private mutating func choice() throws(PatternError) -> PatternNode {
    var choices = [try sequence()]
    while take("|") { choices.append(try sequence()) }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private mutating func sequence() throws(PatternError) -> PatternNode {
    var nodes: [PatternNode] = []
    while let scalar = peek, scalar != "|", scalar != ")" {
      let atom = try atom()
      nodes.append(try quantified(atom))
    }
    return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
  }

  private mutating func atom() throws(PatternError) -> PatternNode {
    switch next() {
    case "(": return try group()
    case "[": return .set(try characterClass())
    case ".":
      var set = PatternSet.lineTerminators
      set.negate()
      return .set(set)
    case "^": return .assertion(.start)
    case "$": return .assertion(.end)
    case "\\":
      if take("b") { return .assertion(.wordBoundary) }
      if take("B") { return .assertion(.noWordBoundary) }
      return .set(try escape().set)
    case "*", "+", "?": throw error("nothing stands before a quantifier")
    case .some(let scalar): return .set(PatternSet(scalar))
    case nil: return .empty
    }
  }

  private mutating func group() throws(PatternError) -> PatternNode {
    groupDepth += 1
    guard groupDepth <= Self.groupDepthMax else {
      throw unsupported("groups nest too deeply; allowed: \(Self.groupDepthMax) levels")
    }
    if take("?"), !take(":") {
      guard take("<"), peek != "=", peek != "!" else {
        throw unsupported("lookaround and inline flags are not supported; allowed after (? are : and <name>")
      }
      try groupName()
    }
    let node = try choice()
    guard take(")") else { throw error("a group is not closed") }
    groupDepth -= 1
    // So that a quantifier behind the group is no second one to its last part.
    return .sequence([node])
  }

  private mutating func groupName() throws(PatternError) {
    var length = 0
    while let scalar = next() {
      if scalar == ">", length > 0 { return }
      guard scalar.properties.isIDContinue || scalar == "$" else { break }
      length += 1
    }
    throw error("a group's name is malformed")
  }

  private mutating func quantified(_ atom: PatternNode) throws(PatternError) -> PatternNode {
    let bounds: (min: Int, max: Int?)
    if take("*") {
      bounds = (0, nil)
    } else if take("+") {
      bounds = (1, nil)
    } else if take("?") {
      bounds = (0, 1)
    } else if let braces = try braces() {
      bounds = braces
    } else {
      return atom
    }
    if case .assertion = atom { throw unsupported("a quantifier stands behind an assertion") }
    // Lazy or greedy makes no difference to whether there is a match.
    _ = take("?")
    if let scalar = peek, "*+?".unicodeScalars.contains(scalar) { throw error("a quantifier follows another") }
    return .repetition(atom, min: bounds.min, max: bounds.max)
  }

  /// The bounds of `{n}`, `{n,}` or `{n,m}`; nil, with nothing taken, if none of them is next.
  private mutating func braces() throws(PatternError) -> (min: Int, max: Int?)? {
    let start = position
    guard take("{"), let least = try number() else { position = start; return nil }
    var most: Int? = least
    if take(",") { most = try number() }
    guard take("}") else { position = start; return nil }
    if let most, most < least { throw error("a quantifier's bounds are out of order") }
    return (least, most)
  }

  private mutating func number() throws(PatternError) -> Int? {
    var value: Int?
    while let scalar = peek, ("0"..."9").contains(scalar) {
      value = (value ?? 0) * 10 + Int(scalar.value - 0x30)
      guard value ?? 0 <= Self.repeatMax else {
        throw unsupported("a quantifier's bound is too large; allowed: up to \(Self.repeatMax)")
      }
      position += 1
    }
    return value
  }
}
