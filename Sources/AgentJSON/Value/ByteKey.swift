/// A string that is compared and hashed by its bytes, as JSON wants it for keys.
struct ByteKey: Hashable {
  let text: String

  static func == (lhs: ByteKey, rhs: ByteKey) -> Bool { lhs.text.hasSameBytes(as: rhs.text) }

  func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }
}
