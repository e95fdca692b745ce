public import AgentGraph
import AgentJSON

/// A state for tests of checkpointers: texts and lists of texts, as channels with names.
public struct SampleState: StateImage, Hashable {
  /// What a channel holds.
  public enum Content: Sendable, Hashable {
    /// A value.
    case text(String)
    /// A list.
    case list([String])
    /// A value that cannot be encoded.
    case unstorable
  }

  /// The channels in their order.
  public var contents: [(name: String, content: Content)]

  /// A state of these channels.
  public init(_ contents: [(name: String, content: Content)]) { self.contents = contents }

  /// The content of a channel; setting that of an unknown one adds it at the end, and nil removes it.
  public subscript(name: String) -> Content? {
    get { contents.first { $0.name == name }?.content }
    set {
      let place = contents.firstIndex { $0.name == name }
      switch (place, newValue) {
      case (let place?, let content?): contents[place].content = content
      case (let place?, nil): contents.remove(at: place)
      case (nil, let content?): contents.append((name, content))
      case (nil, nil): break
      }
    }
  }

  /// What is different in this state from an earlier one, as the engine says it.
  public func changes(since parent: SampleState?) -> [ChannelChange] {
    contents.enumerated().compactMap { index, channel in
      let old = parent?[channel.name]
      if old == channel.content { return nil }
      guard case .list(let elements) = channel.content, case .list(let before) = old else {
        return ChannelChange(channel: index, kept: 0)
      }
      return ChannelChange(channel: index, kept: zip(elements, before).prefix { $0 == $1 }.count)
    }
  }

  /// Equal if the channels are, in any order.
  public static func == (left: SampleState, right: SampleState) -> Bool { left.byName == right.byName }

  /// By the channels.
  public func hash(into hasher: inout Hasher) { hasher.combine(byName) }

  private var byName: [String: Content] {
    Dictionary(contents.map { ($0.name, $0.content) }, uniquingKeysWith: { first, _ in first })
  }
}

extension SampleState {
  /// The channels, for a checkpointer.
  public var channels: [ChannelImage] {
    contents.map { name, content in
      let isList = if case .list = content { true } else { false }
      return ChannelImage(name: name, isList: isList)
    }
  }

  /// The state itself.
  public var value: any Sendable { self }

  /// JSON. Throws for `unstorable`.
  public func encode(channel: Int) throws -> [UInt8] {
    switch contents[channel].content {
    case .text(let text): return JSONValue.string(text).encoded()
    case .list(let elements): return JSONValue.array(elements.map { .string($0) }).encoded()
    case .unstorable: throw ConformanceFailure(description: "this value has no stored form")
    }
  }

  /// The length of a list.
  public func count(channel: Int) -> Int? {
    if case .list(let elements) = contents[channel].content { elements.count } else { nil }
  }

  /// A JSON array.
  public func encode(channel: Int, from index: Int) throws -> [UInt8] {
    guard case .list(let elements) = contents[channel].content else { return try encode(channel: channel) }
    return JSONValue.array(elements[index...].map { .string($0) }).encoded()
  }

  /// A JSON array.
  public func encode(channel: Int, elements range: Range<Int>) throws -> [UInt8]? {
    guard case .list(let elements) = contents[channel].content else { return nil }
    return JSONValue.array(elements[range].map { .string($0) }).encoded()
  }
}

extension SampleState {
  /// Reads what a checkpointer gives back. Throws `ConformanceFailure` for what this state did not write.
  public init(_ stored: StoredState) throws {
    switch stored {
    case .live(let image):
      self = try expectSome(image.value as? SampleState, "a live sample state")
    case .encoded(let channels):
      contents = try channels.sorted { $0.key < $1.key }.map { ($0.key, try Self.content($0.value)) }
    }
  }

  private static func content(_ channel: StoredChannel) throws -> Content {
    switch channel {
    case .value(let bytes):
      return .text(try expectSome(try JSONValue(parsing: bytes.span).stringValue, "a text"))
    case .segments(let segments):
      let elements = try segments.flatMap { segment in
        try expectSome(try JSONValue(parsing: segment.span).arrayValue, "a segment")
      }
      return .list(try elements.map { try expectSome($0.stringValue, "an element") })
    }
  }
}
