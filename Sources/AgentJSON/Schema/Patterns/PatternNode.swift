/// A regular expression as parsed.
indirect enum PatternNode {
  case empty
  case set(PatternSet)
  case assertion(PatternAssertion)
  case sequence([PatternNode])
  case choice([PatternNode])
  /// No maximum means without bound.
  case repetition(PatternNode, min: Int, max: Int?)
}

/// A condition on a place in the text.
enum PatternAssertion: Sendable {
  case start, end, wordBoundary, noWordBoundary

  func holds(between previous: UnicodeScalar?, and next: UnicodeScalar?) -> Bool {
    switch self {
    case .start: previous == nil
    case .end: next == nil
    case .wordBoundary: PatternSet.isWordCharacter(previous) != PatternSet.isWordCharacter(next)
    case .noWordBoundary: PatternSet.isWordCharacter(previous) == PatternSet.isWordCharacter(next)
    }
  }
}

/// Why a pattern is refused.
struct PatternError: Error {
  let message: String
  /// Whether the pattern may well be a regular expression, but is none of the subset.
  var isUnsupported = false
}
