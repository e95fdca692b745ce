extension SchemaEvaluator {
  /// A step of the budget pays for that many visits of a pattern's steps.
  private static let patternVisitsPerStep = 16

  mutating func meets(_ assertion: SchemaAssertion, _ value: JSONValue) -> Bool {
    guard spend(assertion.cost(value)) else { return false }
    switch assertion {
    case .types(let types): return types.allow(value)
    case .allowed(let values): return values.contains(value)
    case .bound(let bound): return !value.isNumber || bound.allows(value)
    case .multipleOf(let divisor): return !value.isNumber || value.decimal.map(divisor.divides) ?? true
    case .size(let size): return size.measure(value).map(size.allows) ?? true
    case .pattern(let pattern): return value.stringValue.map { matches(pattern, $0) } ?? true
    case .format(let format): return value.stringValue.map(format.accepts) ?? true
    case .uniqueItems: return value.firstDuplicate == nil
    case .required(let keys):
      guard let object = value.objectValue else { return true }
      return keys.allSatisfy(object.contains(key:))
    case .dependentRequired(let dependencies):
      guard let object = value.objectValue else { return true }
      return dependencies.allSatisfy { key, required in
        !object.contains(key: key) || required.allSatisfy(object.contains(key:))
      }
    }
  }

  mutating func matches(_ pattern: Pattern, _ text: String) -> Bool {
    guard spend(0) else { return false }
    var matcher = PatternMatcher(pattern)
    let visits = stepsLeft * Self.patternVisitsPerStep
    var visitsLeft = visits
    let matches = matcher.matches(text, budget: &visitsLeft)
    // Rounding must not leave a budget to a match that ran out of it.
    _ = spend(matches == nil ? stepsLeft + 1 : (visits - visitsLeft) / Self.patternVisitsPerStep)
    return matches ?? false
  }
}

extension SchemaAssertion {
  /// What a check costs beyond the first step.
  fileprivate func cost(_ value: JSONValue) -> Int {
    switch (self, value) {
    case (.allowed(let allowed), .array), (.allowed(let allowed), .object):
      allowed.count + value.comparisonCost
    case (.allowed(let allowed), .string), (.allowed(let allowed), .number): allowed.count * value.comparisonCost
    case (.allowed(let allowed), _): allowed.count
    case (.uniqueItems, .array): value.comparisonCost
    case (.required(let keys), .object): keys.count
    case (.dependentRequired(let dependencies), .object): dependencies.reduce(0) { $0 + 1 + $1.required.count }
    case (_, .number), (.size, .string): value.comparisonCost
    case (.format, .string): value.comparisonCost * 4
    default: 0
    }
  }

  /// What is wrong with a value that does not meet the assertion, and what would be right.
  func complaints(about value: JSONValue) -> [String] {
    switch self {
    case .types(let types):
      return ["\(value.brief) is of type \(value.typeName); allowed: \(types.names.joined(separator: ", "))"]
    case .allowed(let values):
      let shown = values.prefix(20).map(\.brief).joined(separator: ", ")
      return ["\(value.brief) is not among the allowed values: \(shown)\(values.count > 20 ? ", …" : "")"]
    case .bound(let bound): return ["\(value.brief) is out of bounds; allowed: \(bound.allowed)"]
    case .multipleOf(let divisor): return ["\(value.brief) is no multiple; allowed: multiples of \(divisor.literal)"]
    case .size(let size):
      let found = "\(value.brief) has \(size.measure(value) ?? 0) \(size.unit.rawValue)"
      return ["\(found); allowed: at \(size.isUpper ? "most" : "least") \(size.limit)"]
    case .pattern(let pattern):
      return ["\(value.brief) does not match; allowed: the pattern \(JSONValue.string(pattern.source).brief)"]
    case .format(let format): return ["\(value.brief) is malformed; allowed: the format \(format.rawValue)"]
    case .uniqueItems:
      guard let (first, second) = value.firstDuplicate else { return [] }
      return ["elements \(first) and \(second) are equal; allowed: unique elements"]
    case .required(let keys): return missing(keys, of: value).map { "the member \($0) is missing; it is required" }
    case .dependentRequired(let dependencies):
      return dependencies.filter { value[$0.key] != nil }.flatMap { key, required in
        missing(required, of: value).map { missing in
          "the member \(missing) is missing; it is required along with \(JSONValue.string(key).brief)"
        }
      }
    }
  }

  private func missing(_ keys: [String], of value: JSONValue) -> [String] {
    keys.filter { value[$0] == nil }.map { JSONValue.string($0).brief }
  }
}

extension JSONValue {
  /// The places of the first pair of equal elements.
  fileprivate var firstDuplicate: (Int, Int)? {
    guard let elements = arrayValue else { return nil }
    var places: [JSONValue: Int] = [:]
    for (index, element) in elements.enumerated() {
      if let first = places.updateValue(index, forKey: element) { return (first, index) }
    }
    return nil
  }
}
