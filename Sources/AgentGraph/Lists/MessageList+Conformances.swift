public import AgentJSON

extension MessageList: RandomAccessCollection {
  /// 0.
  @inlinable public var startIndex: Int { 0 }
  /// The number of messages.
  @inlinable public var endIndex: Int { messages.count }
  /// The number of messages.
  @inlinable public var count: Int { messages.count }

  /// The message at a place.
  @inlinable
  public subscript(place: Int) -> Message { messages[place] }

  /// The messages at consecutive places.
  @inlinable
  public subscript(range: Range<Int>) -> SharedListSlice<Message> { messages[range] }

  /// Goes through the messages.
  @inlinable
  public func makeIterator() -> SharedListIterator<Message> { messages.makeIterator() }
}

extension MessageList: ExpressibleByArrayLiteral {
  /// A list into which the messages are put one after the other.
  public init(arrayLiteral messages: Message...) { self.init(messages) }
}

extension MessageList: CustomStringConvertible {
  /// As of an array.
  public var description: String { messages.description }
}

extension MessageList: Equatable where Message: Equatable {
  /// Compares the messages. What the lists share is not looked at.
  @inlinable
  public static func == (left: MessageList, right: MessageList) -> Bool { left.messages == right.messages }
}

extension MessageList: Hashable where Message: Hashable {
  /// Hashes the messages.
  @inlinable
  public func hash(into hasher: inout Hasher) { hasher.combine(messages) }
}

extension MessageList: Encodable where Message: Encodable {
  /// As an array.
  public func encode(to encoder: any Encoder) throws { try messages.encode(to: encoder) }
}

extension MessageList: Decodable where Message: Decodable {
  /// From an array, whose messages are put one after the other.
  public init(from decoder: any Decoder) throws { self.init(try SharedList<Message>(from: decoder)) }
}

extension MessageList: JSONWritable where Message: Encodable {
  /// As an array.
  public func write(to writer: inout JSONCodingWriter) throws { try messages.write(to: &writer) }
}

extension MessageList: JSONReadable where Message: Decodable {
  /// From an array, whose messages are put one after the other.
  public init(json: JSONCodingReader) throws { self.init(try json.decode([Message].self)) }
}
