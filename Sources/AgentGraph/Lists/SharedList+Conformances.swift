public import AgentJSON

extension SharedList: ExpressibleByArrayLiteral {
  /// A list of these elements.
  @inlinable
  public init(arrayLiteral elements: Element...) { self.init(elements) }
}

extension SharedList: CustomStringConvertible {
  /// As of an array.
  public var description: String { Array(self).description }
}

extension SharedList: Equatable where Element: Equatable {
  /// Compares the elements. What the lists share is not looked at.
  @inlinable
  public static func == (left: SharedList, right: SharedList) -> Bool {
    guard left.count == right.count else { return false }
    var index = 0
    while index < left.count {
      // Where a stretch begins depends on the count alone; arrays that share their storage are equal at once.
      let stretch = left.stretch(at: index)
      guard stretch == right.stretch(at: index) else { return false }
      index += stretch.count
    }
    return true
  }
}

extension SharedList: Hashable where Element: Hashable {
  /// Hashes the count and the elements.
  @inlinable
  public func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for element in self { hasher.combine(element) }
  }
}

extension SharedList: Encodable where Element: Encodable {
  /// As an array.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    for element in self { try container.encode(element) }
  }
}

extension SharedList: Decodable where Element: Decodable {
  /// From an array.
  public init(from decoder: any Decoder) throws {
    self.init()
    var container = try decoder.unkeyedContainer()
    while !container.isAtEnd { append(try container.decode(Element.self)) }
  }
}

extension SharedList: JSONWritable where Element: Encodable {
  /// As an array, whose code looks up once how its elements are written.
  public func write(to writer: inout JSONCodingWriter) throws { try writer.value(Array(self)) }
}

extension SharedList: JSONReadable where Element: Decodable {
  /// From an array.
  public init(json: JSONCodingReader) throws { self.init(try json.decode([Element].self)) }
}
