import AgentJSON

/// The types that the coding tests encode.
enum Coded {
  struct Message: Codable, Hashable {
    var id: String
    var role: String
    var parts: [Part]
    var score: Double?
  }

  enum Part: Codable, Hashable {
    case text(String)
    case image(url: String, width: Int)
    case end
    indirect case quoted(Part)
  }

  enum Level: Int, Codable, Hashable, CodingKeyRepresentable { case low = 1, high }

  enum Name: String, Codable, Hashable, CodingKeyRepresentable { case first, second }

  struct Place: Codable, Hashable {
    var row: Int
    var column: Int
  }

  struct Nothing: Codable, Hashable {}

  indirect enum List: Codable, Hashable {
    case end
    case node(Int, List)
  }

  struct Tree: Codable, Hashable {
    var children: [Tree] = []

    /// A tree with that many nodes in one line.
    static func line(_ count: Int) -> Tree { count <= 1 ? Tree() : Tree(children: [line(count - 1)]) }
  }

  class Base: Codable {
    var name = "base"
    init(name: String) { self.name = name }
  }

  /// Encodes its super class apart, as most do.
  final class Apart: Base {
    var size: Int
    private enum CodingKeys: CodingKey { case size }

    init(name: String, size: Int) {
      self.size = size
      super.init(name: name)
    }

    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      size = try container.decode(Int.self, forKey: .size)
      try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try super.encode(to: container.superEncoder())
      try container.encode(size, forKey: .size)
    }
  }

  /// Encodes its super class into the same object.
  final class Shared: Base {
    var size: Int
    private enum CodingKeys: CodingKey { case size }

    init(name: String, size: Int) {
      self.size = size
      super.init(name: name)
    }

    required init(from decoder: any Decoder) throws {
      size = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .size)
      try super.init(from: decoder)
    }

    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try super.encode(to: encoder)
      try container.encode(size, forKey: .size)
    }
  }

  /// Writes and reads itself.
  struct Fast: JSONWritable, JSONReadable, Hashable {
    var id: String
    var count: Int
    var isDone: Bool
    var score: Double
    var note: String?
    var parts: [Part]
    var next: [Fast]

    init(id: String, score: Double = 0.5, parts: [Part] = [], next: [Fast] = []) {
      self.id = id
      count = id.utf8.count
      isDone = id.isEmpty
      self.score = score
      note = id.isEmpty ? nil : id
      self.parts = parts
      self.next = next
    }

    func write(to writer: inout JSONCodingWriter) throws {
      try writer.object {
        $0.member("id", id)
        $0.member("count", count)
        $0.member("isDone", isDone)
        try $0.member("score", score)
        try $0.memberIfPresent("note", note)
        try $0.member("parts", parts)
        try $0.member("next", next)
      }
    }

    init(json: JSONCodingReader) throws {
      id = try json.member("id")
      count = try json.member("count")
      isDone = try json.member("isDone")
      score = try json.member("score")
      note = try json.memberIfPresent("note")
      parts = try json.member("parts")
      next = try json.member("next")
    }
  }

  /// Encodes by a closure, to drive containers in ways that no synthesised code does.
  struct Scripted: Encodable {
    let script: (any Encoder) throws -> Void

    init(_ script: @escaping (any Encoder) throws -> Void) { self.script = script }

    func encode(to encoder: any Encoder) throws { try script(encoder) }
  }

  /// A key of any name.
  struct Key: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
    init(stringLiteral value: String) { stringValue = value }
  }
}

extension JSONCoder {
  static func text(_ value: some Encodable, options: JSONCodingOptions = JSONCodingOptions()) throws -> String {
    String(decoding: try encode(value, options: options), as: UTF8.self)
  }
}
