/// Runs a pattern over texts.
struct PatternMatcher {
  private let pattern: Pattern
  /// The steps to go on from at the place reached, each once.
  private var current: [Int] = []
  private var following: [Int] = []
  /// At which place, counted from 1, a step was last visited.
  private var visits: [Int]
  private var stack: [Int] = []
  /// Whether a set holds the character at the place where it was last asked; copies of a set share the answer.
  private var answers: [(place: Int, isMember: Bool)]

  init(_ pattern: Pattern) {
    self.pattern = pattern
    visits = Array(repeating: 0, count: pattern.steps.count)
    answers = Array(repeating: (0, false), count: pattern.sets.count)
  }

  /// Whether the pattern matches anywhere in the text; takes a budget of steps visited and characters compared, and gives nil if it runs out.
  mutating func matches(_ text: String, budget: inout Int) -> Bool? {
    budget -= pattern.steps.count
    var previous: UnicodeScalar?
    var place = 1
    following.removeAll(keepingCapacity: true)
    var scalars = text.unicodeScalars.makeIterator()
    while true {
      let next = scalars.next()
      if advance(place, previous, next, &budget) { return true }
      guard budget >= 0 else { return nil }
      guard let next else { return false }
      budget -= current.count
      for step in current {
        if case .set(let index) = pattern.steps[step], isMember(next, of: index, at: place) {
          following.append(step + 1)
        }
      }
      previous = next
      place += 1
    }
  }

  private mutating func isMember(_ scalar: UnicodeScalar, of set: Int, at place: Int) -> Bool {
    if answers[set].place != place { answers[set] = (place, pattern.sets[set].contains(scalar)) }
    return answers[set].isMember
  }

  /// Follows the steps that take no character; says whether the match is found.
  private mutating func advance(
    _ place: Int, _ previous: UnicodeScalar?, _ next: UnicodeScalar?, _ budget: inout Int
  ) -> Bool {
    current.removeAll(keepingCapacity: true)
    stack.removeAll(keepingCapacity: true)
    stack.append(0)
    stack.append(contentsOf: following)
    following.removeAll(keepingCapacity: true)
    while let step = stack.popLast() {
      budget -= 1
      guard visits[step] != place else { continue }
      visits[step] = place
      switch pattern.steps[step] {
      case .set: current.append(step)
      case .split(let left, let right):
        stack.append(right)
        stack.append(left)
      case .jump(let target): stack.append(target)
      case .assertion(let assertion):
        if assertion.holds(between: previous, and: next) { stack.append(step + 1) }
      case .match: return true
      }
    }
    return false
  }
}
