/// The members of a JSON object in the order written, with unique keys.
///
/// Keys are compared by their bytes. Small objects are searched one by one, larger ones through an index.
public struct JSONObject: Sendable {
  /// A member.
  public typealias Element = (key: String, value: JSONValue)

  /// Up to here a linear scan is faster than hashing.
  private static let unindexedMax = 16

  /// Saves the first steps of growth; few objects are smaller.
  private static let firstCapacity = 4

  private var members: [Element] = []
  private var positions: [ByteKey: Int]?

  /// An empty object.
  public init() {}

  /// An object of the pairs in their order; of a repeated key the last value counts.
  public init(_ pairs: some Sequence<(String, JSONValue)>) {
    reserveCapacity(pairs.underestimatedCount)
    for (key, value) in pairs { self[key] = value }
  }

  /// Makes room for that many members in all.
  public mutating func reserveCapacity(_ capacity: Int) { members.reserveCapacity(capacity) }

  /// The keys in order.
  public var keys: [String] { members.map(\.key) }

  /// Whether there is a member of that name.
  public func contains(key: String) -> Bool { position(of: key) != nil }

  /// The member's value; setting nil removes it, setting an existing key keeps its place.
  public subscript(_ key: String) -> JSONValue? {
    get {
      guard let position = position(of: key) else { return nil }
      return members[position].value
    }
    set {
      guard let newValue else { removeValue(forKey: key); return }
      if let position = position(of: key) {
        members[position].value = newValue
      } else {
        appendNew(key, newValue)
      }
    }
  }

  /// Removes a member, in linear time, and returns its value; nil if there was none.
  @discardableResult
  public mutating func removeValue(forKey key: String) -> JSONValue? {
    guard let position = position(of: key) else { return nil }
    let value = members.remove(at: position).value
    if positions != nil { indexMembers() }
    return value
  }

  /// Appends a member whose key the object is known not to have.
  mutating func appendNew(_ key: consuming String, _ value: consuming JSONValue) {
    if members.isEmpty { members.reserveCapacity(Self.firstCapacity) }
    if positions != nil { positions?[ByteKey(text: copy key)] = members.count }
    members.append((key, value))
    if positions == nil, members.count > Self.unindexedMax { indexMembers() }
  }

  private mutating func indexMembers() {
    positions = nil
    guard members.count > Self.unindexedMax else { return }
    var index: [ByteKey: Int] = [:]
    index.reserveCapacity(members.count * 2)
    for (position, member) in members.enumerated() { index[ByteKey(text: member.key)] = position }
    positions = index
  }

  func position(of key: String) -> Int? {
    if let positions { return positions[ByteKey(text: key)] }
    let members = members.span
    for position in members.indices where members[position].key.hasSameBytes(as: key) { return position }
    return nil
  }
}

extension JSONObject: RandomAccessCollection {
  /// The first position, 0.
  public var startIndex: Int { members.startIndex }
  /// The number of members.
  public var endIndex: Int { members.endIndex }
  /// The member at a position in the order written.
  public subscript(position: Int) -> Element { members[position] }
}

extension JSONObject: Hashable {
  /// Whether both have the same members, in whatever order.
  public static func == (lhs: JSONObject, rhs: JSONObject) -> Bool {
    guard lhs.count == rhs.count else { return false }
    for index in lhs.members.indices {
      guard let position = rhs.position(of: lhs.members[index].key) else { return false }
      if rhs.members[position].value != lhs.members[index].value { return false }
    }
    return true
  }

  /// Hashes the members regardless of their order.
  public func hash(into hasher: inout Hasher) {
    var sum = 0
    for index in members.indices {
      var member = Hasher()
      members[index].key.hashBytes(into: &member)
      members[index].value.hash(into: &member)
      sum &+= member.finalize()
    }
    hasher.combine(count)
    hasher.combine(sum)
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// A member's name.
  public typealias Key = String
  /// A member's value.
  public typealias Value = JSONValue

  /// An object in the order written; of a repeated key the last value counts.
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

extension JSONObject: CustomStringConvertible {
  /// The compact JSON text.
  public var description: String { JSONValue.object(self).encodedText }
}
