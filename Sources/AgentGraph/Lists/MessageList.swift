/// The messages of a conversation in order, each found by its id in constant time. No two have the same id.
///
/// Versions share what they have in common, as those of a `SharedList` do, and an index of ids. Of n messages:
/// - putting and finding one is O(log n), base 32, also on a list that others hold;
/// - removing some costs what follows the first of them.
///
/// A message without an id can be put, and is found by its place alone.
public struct MessageList<Message: IdentifiedMessage>: Sendable {
  /// The messages as a plain list; O(1).
  @inlinable public var messages: SharedList<Message> { list }
  @usableFromInline var list: SharedList<Message>
  /// Knows the place of every message that has an id. Nil only if there are none.
  @usableFromInline var index: MessageIndex?

  /// An empty list.
  @inlinable
  public init() {
    list = SharedList()
    index = nil
  }

  /// A list into which the messages are put one after the other.
  @inlinable
  public init(_ messages: some Sequence<Message>) {
    self.init()
    put(contentsOf: messages)
  }

  /// The place of the message that has this id; nil for none.
  @inlinable
  public func index(ofID id: String) -> Int? { find(id, MessageIndex.tag(id)) }

  /// The message that has this id; nil for none.
  @inlinable
  public subscript(id id: String) -> Message? { index(ofID: id).map { list[$0] } }

  /// Puts a message in the place of the one that has its id; if there is none, at the end. Returns its place.
  @discardableResult
  @inlinable
  public mutating func put(_ message: Message) -> Int {
    let id = message.id
    let tag = MessageIndex.tag(id)
    if let place = find(id, tag) {
      list.replace(at: place, with: message)
      return place
    }
    let place = list.count
    list.append(message)
    if !id.isEmpty { note(tag, at: place) }
    return place
  }

  /// Puts messages one after the other.
  @inlinable
  public mutating func put(contentsOf messages: some Sequence<Message>) {
    for message in messages { put(message) }
  }

  /// Gives the messages that have no id one each, by the generator. O(count).
  @inlinable
  public mutating func assignMissingIDs(_ makeID: () -> String) {
    for (place, message) in zip(list.indices, list) where message.id.isEmpty {
      var message = message
      message.id = makeID()
      list.replace(at: place, with: message)
      note(MessageIndex.tag(message.id), at: place)
    }
  }
}

extension MessageList {
  /// Removes the messages at these places, the first of which is given.
  @inlinable
  mutating func remove(_ places: Set<Int>, from first: Int) {
    let rest = list.suffix(from: first)
    list.truncate(to: first)
    for (place, message) in zip(rest.indices, rest) where !places.contains(place) { list.append(message) }
    noteAll(from: first)
  }

  @inlinable
  func find(_ id: String, _ tag: UInt32) -> Int? {
    guard let index, !id.isEmpty else { return nil }
    return index.places(tag).first { $0 < list.count && list[$0].id == id }
  }

  /// Notes where a message is.
  @inlinable
  mutating func note(_ tag: UInt32, at place: Int) {
    // Some of what it knows is of use to other versions alone. That has a bound, beyond which a new index goes on.
    let entriesMax = 3 * list.count + 64
    if let index, index.insert(tag, at: place, entriesMax: entriesMax) { return }
    if let index, index.depth == Self.depthMax { return noteAll(from: 0) }
    let newer = MessageIndex(after: index)
    _ = newer.insert(tag, at: place, entriesMax: entriesMax)
    index = newer
  }

  /// Notes the messages from a place on.
  @inlinable
  mutating func noteAll(from first: Int) {
    // Where most have to be noted, what others noted is better left behind.
    if first * 2 <= list.count { index = nil }
    let start = index == nil ? 0 : first
    for (place, message) in zip(start..., list.suffix(from: start)) where !message.id.isEmpty {
      note(MessageIndex.tag(message.id), at: place)
    }
  }

  /// Indices that a look-up goes through, less one.
  @inlinable
  static var depthMax: Int { 7 }
}
