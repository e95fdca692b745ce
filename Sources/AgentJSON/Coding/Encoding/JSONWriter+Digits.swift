extension JSONWriter {
  /// Writes a number whose description is JSON, such as `UInt64` and `Float` have if finite.
  mutating func number(_ value: some CustomStringConvertible) { bytes.append(contentsOf: value.description.utf8) }

  /// Writes an integer; the digits are put together apart, which costs a fraction of reversing them in place.
  mutating func digits(_ value: Int) {
    if value >= 0, value <= 9 { return bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value)) }
    // The longest is Int.min with 20 bytes.
    var text = InlineArray<20, UInt8>(repeating: 0)
    var start = text.count
    var rest = value.magnitude
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      start -= 1
      text[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
      rest = quotient
    } while rest > 0
    if value < 0 {
      start -= 1
      text[start] = UInt8(ascii: "-")
    }
    bytes.append(text.span, start..<text.count)
  }
}
