extension SchemaEvaluator {
  mutating func applyItems(
    _ prefix: [Int], _ rest: Int?, _ keyword: String, _ value: JSONValue, _ outcome: inout SchemaOutcome
  ) {
    guard let elements = value.arrayValue else { return }
    for (index, element) in elements.enumerated() {
      guard let target = index < prefix.count ? prefix[index] : rest else { break }
      let name = index < prefix.count ? "prefixItems" : keyword
      if !evaluate(target, element, at: .index(index), for: name).isValid { outcome.isValid = false }
      if !outcome.isValid, isDone { return }
    }
    outcome.evaluated.insertPrefix(rest == nil ? min(prefix.count, elements.count) : elements.count)
  }

  mutating func applyContains(
    _ target: Int, _ least: Int, _ most: Int?, _ node: SchemaNode, _ value: JSONValue,
    _ outcome: inout SchemaOutcome
  ) {
    guard let elements = value.arrayValue else { return }
    var count = 0
    for (index, element) in elements.enumerated() {
      guard probe(target, element, at: .index(index)).isValid else { continue }
      count += 1
      if program.tracksEvaluated { outcome.evaluated.insert(index) }
    }
    if count < least {
      outcome.isValid = false
      let keyword = least == 1 ? "contains" : "minContains"
      fail(keyword, at: "\(node.path)/\(keyword)", "\(count) elements match contains; allowed: at least \(least)")
    }
    if let most, count > most {
      outcome.isValid = false
      fail("maxContains", at: "\(node.path)/maxContains", "\(count) elements match contains; allowed: at most \(most)")
    }
  }

  mutating func applyUnevaluatedItems(_ target: Int, _ value: JSONValue, _ outcome: inout SchemaOutcome) {
    guard let elements = value.arrayValue else { return }
    for (index, element) in elements.enumerated() where !outcome.evaluated.contains(index) {
      if !evaluate(target, element, at: .index(index), for: "unevaluatedItems").isValid { outcome.isValid = false }
      if !outcome.isValid, isDone { return }
    }
    outcome.evaluated.insertPrefix(elements.count)
  }
}
