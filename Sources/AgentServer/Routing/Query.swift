import AgentRuntime

/// The query of a request's target, decoded.
struct Query: Sendable {
  private var values: [String: String] = [:]
  private var faults: [Fault] = []

  init(_ text: Substring) {
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = parts.count > 1 ? parts[1] : ""
      guard let name = parts[0].percentDecodedForm, let decoded = value.percentDecodedForm else {
        faults.append(
          Fault(path: [.key("query")], message: "'\(pair.prefix(80))' is not valid percent-encoding", type: "invalid"))
        continue
      }
      values[name] = decoded
    }
  }

  subscript(_ name: String) -> String? { values[name] }

  mutating func integer(_ name: String, _ range: ClosedRange<Int>, default standard: Int) -> Int {
    guard let text = values[name] else { return standard }
    guard let number = Int(text), range.contains(number) else {
      let allowed =
        range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
      fault(name, "'\(text.prefix(80))' is not a whole number of \(allowed)")
      return standard
    }
    return number
  }

  mutating func choice<Value: RawRepresentable & CaseIterable>(_ name: String, _ type: Value.Type) -> Value?
  where Value.RawValue == String {
    guard let text = values[name] else { return nil }
    guard let value = Value(rawValue: text) else {
      fault(name, "'\(text.prefix(80))' is not one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
      return nil
    }
    return value
  }

  mutating func runCursor(_ name: String) -> RunCursor? {
    guard let text = values[name] else { return nil }
    guard let cursor = RunCursor(text: text) else {
      fault(name, "'\(text.prefix(80))' is not what 'next' of a list of runs said")
      return nil
    }
    return cursor
  }

  private mutating func fault(_ name: String, _ message: String) {
    faults.append(Fault(path: [.key("query"), .key(name)], message: message, type: "not_allowed"))
  }

  /// Throws `RuntimeError` 422 with what was found.
  func check() throws { if !faults.isEmpty { throw RuntimeError.invalid(faults) } }
}

extension Substring {
  /// The text with `%XX` decoded; nil where that is no UTF-8.
  var percentDecoded: String? { decoded(plusIsSpace: false) }

  /// The same, with `+` for a space, as in queries.
  var percentDecodedForm: String? { decoded(plusIsSpace: true) }

  private func decoded(plusIsSpace: Bool) -> String? {
    guard utf8.contains(UInt8(ascii: "%")) || (plusIsSpace && utf8.contains(UInt8(ascii: "+"))) else {
      return String(self)
    }
    var bytes: [UInt8] = []
    var rest = utf8[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        let digits = rest.prefix(2)
        guard digits.count == 2, let text = String(digits), let value = UInt8(text, radix: 16) else { return nil }
        bytes.append(value)
        rest = rest.dropFirst(2)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
