import FoundationEssentials
import GRDB

/// Writes a row's body: numbers in as few bytes as they need, and bytes with their length.
struct RowWriter {
  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(192) }

  mutating func add(_ number: UInt64) {
    var rest = number
    while rest > 0x7f {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func add(_ count: Int) { add(UInt64(bitPattern: Int64(count))) }

  /// A number that may be negative, in few bytes where it is near zero.
  mutating func add(signed number: Int) {
    let number = Int64(number)
    add(UInt64(bitPattern: number << 1 ^ number >> 63))
  }

  mutating func add(_ content: [UInt8]) {
    add(content.count)
    bytes += content
  }

  mutating func add(_ text: String) { add(Array(text.utf8)) }
}

/// Reads what `RowWriter` wrote. Throws `DamagedRow` where it ends early.
struct RowReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether all was read.
  var isAtEnd: Bool { place == bytes.count }

  mutating func number() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard place < bytes.count else { throw DamagedRow() }
      let byte = bytes[place]
      place += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw DamagedRow()
  }

  /// A number of things that follow, or were counted.
  mutating func count() throws -> Int {
    guard let count = Int(exactly: try number()) else { throw DamagedRow() }
    return count
  }

  mutating func signed() throws -> Int {
    let number = try number()
    return Int(Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1))
  }

  mutating func content() throws -> [UInt8] {
    let count = try count()
    guard count <= bytes.count - place else { throw DamagedRow() }
    defer { place += count }
    return Array(bytes[place..<place + count])
  }

  mutating func text() throws -> String { String(decoding: try content(), as: UTF8.self) }

  /// Reads so many things, each of at least a byte.
  mutating func list<T>(_ read: (inout RowReader) throws -> T) throws -> [T] {
    let count = try count()
    guard count <= bytes.count - place else { throw DamagedRow() }
    var items: [T] = []
    items.reserveCapacity(count)
    for _ in 0..<count { items.append(try read(&self)) }
    return items
  }
}

/// A row that cannot be read; whoever knows what it belongs to makes a `GraphError` of it.
struct DamagedRow: Error {
  /// What is wrong with it.
  var reason = "a row is damaged"
}

extension [UInt8] {
  /// The bytes to bind.
  var sqlBytes: Data { Data(self) }
}

extension Row {
  /// The bytes of a column.
  func bytes(atIndex index: Int) throws -> [UInt8] { [UInt8](try decode(Data.self, atIndex: index)) }
}
