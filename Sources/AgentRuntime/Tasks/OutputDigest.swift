/// What steps came to, as a prompt shows it: within a bound, which all of them share.
struct OutputDigest {
  let plan: TaskPlan
  let outputs: [StepOutput]

  /// Each step's name with its output, or why there is none. `lengthMax` Unicode scalars of output are shown in all.
  func text(lengthMax: Int) -> String {
    let texts = outputs.map { $0.error.map { "(This step failed, and has no result: \($0))" } ?? $0.text }
    let shares = Self.shares(of: lengthMax, for: texts.map(\.unicodeScalars.count))
    var digest = ""
    for (place, output) in outputs.enumerated() {
      digest += "### Step \(output.index + 1): \(plan.steps[output.index])\n"
      digest += texts[place].cutInMiddle(to: shares[place]) + "\n\n"
    }
    return digest
  }

  /// How much of each text is shown. The short ones are shown whole, and the others share what is left evenly.
  static func shares(of lengthMax: Int, for lengths: [Int]) -> [Int] {
    var (shares, left) = (lengths, lengthMax)
    let order = lengths.indices.sorted { lengths[$0] < lengths[$1] }
    for (place, index) in order.enumerated() {
      shares[index] = min(lengths[index], left / (order.count - place))
      left -= shares[index]
    }
    return shares
  }
}

extension String {
  /// The text in at most so many Unicode scalars: what is too much is cut out of the middle, and told of there.
  func cutInMiddle(to lengthMax: Int) -> String {
    let length = unicodeScalars.count
    guard length > lengthMax else { return self }
    func note(_ count: Int) -> String { "\n[… \(count) of \(length) characters are left out here …]\n" }
    let kept = lengthMax - note(length).unicodeScalars.count
    guard kept > 0 else { return String(note(length).unicodeScalars.prefix(max(0, lengthMax))) }
    let scalars = unicodeScalars
    var head = scalars.index(startIndex, offsetBy: kept - kept / 2)
    var tail = scalars.index(endIndex, offsetBy: -(kept / 2))
    // Not within a character.
    while Index(head, within: self) == nil { head = scalars.index(before: head) }
    while Index(tail, within: self) == nil { tail = scalars.index(after: tail) }
    return self[..<head] + note(scalars.distance(from: head, to: tail)) + self[tail...]
  }
}
