import AgentJSON
import Foundation
import Testing

@Suite("Coding: depth")
struct CodingDepthTests {
  private static func limits(_ depth: Int) -> JSONCodingOptions {
    JSONCodingOptions(limits: JSONLimits(depthMax: depth))
  }

  /// Counts levels of the given kind up to the limit, both ways, and one more.
  private func expectBound<T: Codable>(_ levels: Int, _ make: (Int) -> T) throws {
    for depth in [levels, levels * 4, levels * 20] {
      let fits = make(depth / levels)
      let options = Self.limits(depth)
      let bytes = try JSONCoder.encode(fits, options: options)
      #expect(throws: Never.self) { try JSONCoder.decode(T.self, from: bytes, options: options) }
      #expect(throws: EncodingError.self) { try JSONCoder.encode(make(depth / levels + 1), options: options) }
      #expect(throws: EncodingError.self) { try JSONCoder.encode(fits, options: Self.limits(depth - 1)) }
      #expect(throws: DecodingError.self) {
        try JSONCoder.decode(T.self, from: bytes, options: Self.limits(depth - 1))
      }
      let value = try JSONValue(parsing: bytes, limits: JSONLimits(depthMax: depth))
      #expect(throws: Never.self) { try JSONCoder.decode(T.self, from: value, options: options) }
      #expect(throws: DecodingError.self) {
        try JSONCoder.decode(T.self, from: value, options: Self.limits(depth - 1))
      }
    }
  }

  @Test func eachKindOfTypeIsBounded() throws {
    try expectBound(2) { Coded.Tree.line($0) }
    try expectBound(2) { Self.list($0) }
    try expectBound(2) { Self.fast($0) }
  }

  private static func list(_ count: Int) -> Coded.List { count <= 1 ? .end : .node(count, list(count - 1)) }

  private static func fast(_ count: Int) -> Coded.Fast {
    Coded.Fast(id: "x", next: count <= 1 ? [] : [fast(count - 1)])
  }

  @Test func valuesAreBounded() throws {
    var value = JSONValue.null
    for _ in 0..<10 { value = .array([.object(["a": value])]) }
    #expect(try JSONCoder.encode(value, options: Self.limits(20)) == value.encoded())
    #expect(throws: EncodingError.self) { try JSONCoder.encode(value, options: Self.limits(19)) }
    #expect(throws: EncodingError.self) { try JSONCoder.encode([value], options: Self.limits(20)) }
  }

  /// Encodes itself within itself for ever.
  private final class Cycle: Codable {
    let kind: Int
    init(_ kind: Int) { self.kind = kind }

    init(from decoder: any Decoder) throws {
      kind = 0
      _ = try decoder.singleValueContainer().decode(Cycle.self)
    }

    func encode(to encoder: any Encoder) throws {
      switch kind {
      case 0:
        var container = encoder.singleValueContainer()
        try container.encode(self)
      case 1:
        var container = encoder.unkeyedContainer()
        try container.encode([self])
      default:
        var container = encoder.container(keyedBy: Coded.Key.self)
        var nested = container.nestedContainer(keyedBy: Coded.Key.self, forKey: "n")
        try nested.encode(["x": self], forKey: "y")
      }
    }
  }

  /// Runs a closure on a thread with that stack; of a debug build, which takes twice as much as a release build.
  private func onStack(kibibytes: Int, _ body: @escaping @Sendable () -> Void) {
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      body()
      done.signal()
    }
    thread.stackSize = kibibytes * 1024
    thread.start()
    done.wait()
  }

  @Test func theDeepestValuesFitASmallStack() {
    onStack(kibibytes: 512) {
      let levels = JSONLimits().depthMax / 2
      #expect(throws: Never.self) {
        _ = try JSONCoder.decode(Coded.Tree.self, from: JSONCoder.encode(Coded.Tree.line(levels)))
        _ = try JSONCoder.decode(Coded.List.self, from: JSONCoder.encode(Self.list(levels)))
        _ = try JSONCoder.decode(Coded.Fast.self, from: JSONCoder.encode(Self.fast(levels)))
      }
    }
  }

  @Test func endlessValuesEndBeforeTheStack() {
    onStack(kibibytes: 1024) {
      for kind in 0...2 {
        #expect(throws: EncodingError.self) { try JSONCoder.encode(Cycle(kind)) }
      }
      #expect(throws: DecodingError.self) { try JSONCoder.decode(Cycle.self, from: "1") }
    }
  }
}
