extension Span<UInt8> {
  /// Where the run of bytes that stand for themselves in a JSON string ends, which is at a quote, a backslash, a
  /// control character or the end; and whether it holds ASCII alone, as far as that is known.
  func plainRun(from start: Int) -> (end: Int, isASCII: Bool) {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    var position = start
    var seen: UInt64 = 0
    let raw = unsafe self.bytes
    while position + 8 <= count {
      // Any bit pattern is a valid UInt64, and the load is bounds-checked.
      let word = UInt64(littleEndian: unsafe raw.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
      seen |= word
      let quote = word ^ (ones &* 0x22)
      let backslash = word ^ (ones &* 0x5C)
      // The high bit of the lowest byte at fault is exact; borrows can only falsify those above it.
      let hits =
        ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- (ones &* 0x20)) & ~word) & highs
      // What follows the run in its last word counts as seen, too: at worst that costs a validation.
      if hits != 0 { return (position + hits.trailingZeroBitCount / 8, seen & highs == 0) }
      position += 8
    }
    while position < count {
      let byte = self[position]
      if byte == 0x22 || byte == 0x5C || byte < 0x20 { break }
      seen |= UInt64(byte)
      position += 1
    }
    return (position, seen & highs == 0)
  }
}
