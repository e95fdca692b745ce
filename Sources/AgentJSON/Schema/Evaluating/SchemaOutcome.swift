/// What evaluating a subschema gives.
struct SchemaOutcome {
  var isValid = true
  /// What has been evaluated; only kept if the program tracks it, and of no meaning unless valid.
  var evaluated = SchemaEvaluated()

  static let invalid = SchemaOutcome(isValid: false)
}

/// The members or elements of a value that subschemas have evaluated successfully.
struct SchemaEvaluated {
  /// The positions of members, or of elements behind `prefix`.
  private(set) var positions: Set<Int> = []
  /// How many elements or members from the first on.
  private(set) var prefix = 0

  mutating func insert(_ position: Int) { if position >= prefix { positions.insert(position) } }

  mutating func insertPrefix(_ count: Int) { prefix = max(prefix, count) }

  mutating func formUnion(_ other: SchemaEvaluated) {
    prefix = max(prefix, other.prefix)
    if positions.isEmpty { positions = other.positions } else { positions.formUnion(other.positions) }
  }

  func contains(_ position: Int) -> Bool { position < prefix || positions.contains(position) }
}
