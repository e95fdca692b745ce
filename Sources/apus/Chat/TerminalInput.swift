import Dispatch

/// Standard input by lines.
struct TerminalInput {
  private static let queue = DispatchQueue(label: "apus.input")
  private var pending: [UInt8] = []
  private var isAtEnd = false

  /// The next line without its end; nil at the end of the input.
  mutating func nextLine() async -> String? {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeSubrange(...end)
        return line.hasSuffix("\r") ? String(line.dropLast()) : line
      }
      if isAtEnd {
        defer { pending = [] }
        return pending.isEmpty ? nil : String(decoding: pending, as: UTF8.self)
      }
      await readMore()
    }
  }

  /// Everything up to the end of the input, without line breaks and blanks at either end.
  mutating func rest() async -> String {
    while !isAtEnd { await readMore() }
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self).trimmed
  }

  private mutating func readMore() async {
    let bytes = await withCheckedContinuation { continuation in
      // Reading a terminal blocks for as long as a person thinks: not a thing for the cooperative pool.
      Self.queue.async { continuation.resume(returning: StandardStreams.read(upTo: 65_536)) }
    }
    if bytes.isEmpty { isAtEnd = true } else { pending += bytes }
  }
}
