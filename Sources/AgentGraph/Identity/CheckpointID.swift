/// Names a checkpoint. Ids made later in one process are greater; as text, too.
public struct CheckpointID: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  /// Microseconds since 1970, made strictly increasing.
  public let time: UInt64
  /// Tells processes apart.
  public let origin: UInt64

  /// An id by its parts.
  public init(time: UInt64, origin: UInt64) {
    self.time = time
    self.origin = origin
  }

  /// Reads `description`: 32 hexadecimal digits. Nil for anything else.
  public init?(_ text: String) {
    let digits = Array(text.utf8)
    guard digits.count == 32, let time = Hexadecimal.value(digits[0..<16]),
      let origin = Hexadecimal.value(digits[16..<32])
    else { return nil }
    self.init(time: time, origin: origin)
  }

  /// 32 hexadecimal digits.
  public var description: String { Hexadecimal.text(time) + Hexadecimal.text(origin) }

  /// By time, then by origin.
  public static func < (left: CheckpointID, right: CheckpointID) -> Bool {
    (left.time, left.origin) < (right.time, right.origin)
  }

  /// From the text form.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let id = CheckpointID(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not 32 hexadecimal digits")
    }
    self = id
  }

  /// As the text form.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Sixteen digits for 64 bits.
enum Hexadecimal {
  static func text(_ value: UInt64) -> String {
    unsafe String(unsafeUninitializedCapacity: 16) { buffer in
      for place in 0..<16 {
        let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * place)) & 15
        unsafe buffer[place] = digit < 10 ? 48 + digit : 87 + digit
      }
      return 16
    }
  }

  static func value(_ digits: ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for digit in digits {
      switch digit {
      case 48...57: value = value << 4 | UInt64(digit - 48)
      case 97...102: value = value << 4 | UInt64(digit - 87)
      default: return nil
      }
    }
    return value
  }
}
