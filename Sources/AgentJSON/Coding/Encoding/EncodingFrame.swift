/// A value being encoded, and where its text stands.
///
/// `Codable` never tells when a container is complete. So containers stay open until something is written outside
/// them, and remember their place in case that they are written to again.
struct EncodingFrame {
  enum Content: UInt8 { case nothing, scalar, object, array }

  /// The place in the parent; nil for the document, and for a value in place of another.
  var step: CodingStep?
  /// The index of the frame around this one; -1 for the document.
  let parent: Int
  /// Tells this frame from one that has taken its index.
  var id: Int
  var content = Content.nothing
  /// Whether the text goes to the end of the bytes and its closing bracket is still to be written.
  var isOpen = true
  /// The offset to go back to when encoding fails: before the key and the comma.
  var mark: Int
  /// The offset of the text.
  var start: Int
  /// The offset behind the text, once it is closed.
  var end = 0
  /// How many elements or members there are.
  var count = 0
  /// How many arrays and objects are open, with this one if it is one.
  var depth: Int
  /// How many calls of user code are nested.
  var calls: Int
  /// How many arrays and objects are open around this value.
  var elementDepth: Int { content == .object || content == .array ? depth - 1 : depth }
  /// The writer's depth to go back to.
  let outerDepth: Int
  var keys = EncodedKeys()

  /// Makes this the frame of the next element.
  mutating func renew(_ step: CodingStep, id: Int, start: Int) {
    self.step = step
    self.id = id
    self.start = start
    depth = elementDepth
    content = .nothing
    isOpen = true
    count = 0
    keys = EncodedKeys()
  }
}

/// A frame as containers refer to it.
struct EncodingFrameID {
  /// Refers to no frame, for containers that could not be made.
  static let none = EncodingFrameID(index: -1, id: -1)

  let index: Int
  let id: Int
}

/// The keys of an object by their hashes, to notice when one is written again.
struct EncodedKeys {
  private static let inlineMax = 16

  /// Sixteen lanes of 16 bits, four in each word; zero marks a free one.
  private var lanes: InlineArray<4, UInt64> = [0, 0, 0, 0]
  private var count = 0
  private var others: Set<UInt64>?

  /// Adds a key; whether it may have been there before.
  mutating func mayRepeat(_ key: String) -> Bool {
    let hash = Self.hash(key)
    let lane = hash >> 48 | 1
    let isKnown = has(lane)
    if count < Self.inlineMax {
      lanes[count / 4] |= lane << (count % 4 * 16)
      count += 1
      return isKnown
    }
    let isNew = others?.insert(hash).inserted ?? true
    if others == nil { others = [hash] }
    return isKnown || !isNew
  }

  private func has(_ lane: UInt64) -> Bool {
    let ones: UInt64 = 0x0001_0001_0001_0001
    var hits: UInt64 = 0
    for word in lanes.indices {
      let difference = lanes[word] ^ (lane &* ones)
      // A lane without difference borrows into its high bit.
      hits |= (difference &- ones) & ~difference
    }
    return hits & (ones << 15) != 0
  }

  private static func hash(_ key: String) -> UInt64 {
    // FNV-1a with a last mix: keys are short, and a collision costs no more than a look at the text.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash = (hash ^ (hash >> 32)) &* 0x9E37_79B9_7F4A_7C15
    return hash
  }
}
