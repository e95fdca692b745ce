/// A regular expression compiled to a nondeterministic automaton, which is run by keeping the set of its states.
///
/// Time is linear in the text: a code point costs at most one visit of each step.
struct Pattern: Sendable {
  enum Step: Sendable {
    case set(Int)
    case split(Int, Int)
    case jump(Int)
    case assertion(PatternAssertion)
    case match
  }

  static let stepsMax = 25_000

  let source: String
  private(set) var steps: [Step] = []
  private(set) var sets: [PatternSet] = []

  init(_ source: String) throws(PatternError) {
    self.source = source
    try emit(try PatternParser.parse(source))
    steps.append(.match)
  }

  private mutating func emit(_ node: PatternNode) throws(PatternError) {
    try checkSize()
    switch node {
    case .empty: break
    case .set(var set):
      set.finish()
      sets.append(set)
      steps.append(.set(sets.count - 1))
    case .assertion(let assertion): steps.append(.assertion(assertion))
    case .sequence(let nodes):
      for node in nodes { try emit(node) }
    case .choice(let choices): try emit(choices: choices)
    case .repetition(let node, let least, let most): try emit(node, least: least, most: most)
    }
  }

  private mutating func emit(choices: [PatternNode]) throws(PatternError) {
    var jumps: [Int] = []
    for choice in choices.dropLast() {
      let split = steps.count
      steps.append(.split(split + 1, split + 1))
      try emit(choice)
      jumps.append(steps.count)
      steps.append(.jump(0))
      steps[split] = .split(split + 1, steps.count)
    }
    if let last = choices.last { try emit(last) }
    for jump in jumps { steps[jump] = .jump(steps.count) }
  }

  private mutating func emit(_ node: PatternNode, least: Int, most: Int?) throws(PatternError) {
    let origin = steps.count
    try emit(node)
    let fragment = Array(steps[origin...])
    steps.removeLast(fragment.count)
    // Repeating what matches the empty text alone changes nothing, and would cost time without bound.
    guard !fragment.isEmpty else { return }
    for _ in 0..<least { try place(fragment, from: origin) }
    var splits: [Int] = []
    for _ in least..<(most ?? least + 1) {
      splits.append(steps.count)
      steps.append(.split(0, 0))
      try place(fragment, from: origin)
    }
    if most == nil, let split = splits.first { steps.append(.jump(split)) }
    for split in splits { steps[split] = .split(split + 1, steps.count) }
  }

  /// Appends a copy of steps that were compiled at `origin`.
  private mutating func place(_ fragment: [Step], from origin: Int) throws(PatternError) {
    let shift = steps.count - origin
    for step in fragment {
      switch step {
      case .split(let left, let right): steps.append(.split(left + shift, right + shift))
      case .jump(let target): steps.append(.jump(target + shift))
      case .set, .assertion, .match: steps.append(step)
      }
    }
    try checkSize()
  }

  private func checkSize() throws(PatternError) {
    guard steps.count > Self.stepsMax else { return }
    throw PatternError(message: "the pattern is too large; allowed: \(Self.stepsMax) steps with repeats unrolled")
  }
}
