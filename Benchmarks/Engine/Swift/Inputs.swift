import AgentJSON

/// The input data of all tasks, from one seed; the definitions are in the README.
enum Inputs {
  static let seed: UInt64 = 42

  /// `length` lowercase letters; every stream has its own.
  static func text(_ stream: Int, _ length: Int) -> String {
    var x = seed &+ UInt64(stream)
    let letters = (0..<length).map { _ -> UInt8 in
      x = x &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return 97 + UInt8((x >> 33) % 26)
    }
    return String(decoding: letters, as: UTF8.self)
  }

  static func subjects(_ count: Int) -> [String] { (0..<count).map { text(1000 + $0, 5000) } }

  static func query(_ turn: Int) -> String { String(repeating: text(2000 + turn, 36), count: 100) }

  static func toolResult(_ query: String) -> String { String(repeating: "result for query: \(query)", count: 10) }

  static func wideText(_ draw: Int, _ length: Int) -> String { text(3000 + draw, length) }

  /// An object of `keys` objects of `keys` lists.
  static func wideMessage(_ keys: Int) -> JSONValue {
    let values: [JSONValue] = [.string(String(repeating: "hi?", count: 10)), true, 1, 6_327_816_386_138, .null]
    let list = JSONValue.array([[JSONValue]](repeating: values, count: 5).flatMap { $0 })
    let names = (0..<keys).map { String(repeating: "\($0)", count: 10) }
    let inner = JSONValue.object(JSONObject(names.map { ($0, list) }))
    return .object(JSONObject(names.map { ($0, inner) }))
  }

  static func turnText(_ turn: Int, _ part: Int) -> String { text(4000 + 3 * turn + part, 400) }

  /// CRC-32 of the lines joined by newlines, as eight hexadecimal digits.
  static func check(_ lines: [String]) -> String {
    var sum = UInt32.max
    for byte in lines.joined(separator: "\n").utf8 {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
    }
    let digits = String(~sum, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
