import AgentGraph
import AgentJSON

/// Random memory operations, the same for a seed, with what stores stumble over.
struct MemorySamples {
  /// A generator by SplitMix64.
  struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  private static let labels = ["a", "b", "a b", "\u{E9}", "e\u{301}", "*", "😀"]
  private static let texts = [
    "", "a", "b", "\u{E9}", "e\u{301}", "a\u{0}b", "a\u{0}", "\"", "\\", "\n", "\u{1F}", "😀", "\u{FFFD}", "1", "%",
  ]
  private static let names = ["n", "s", "o", "a.b", "x\"y", "b\\c", "", "é", "0", "$", "\t", "[0]"]
  private static let numbers = [
    "0", "-0.0", "1", "1.0", "1e0", "-1", "0.1", "0.30000000000000004", "0.3", "9007199254740992", "9007199254740993",
    "9007199254740992.0", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
    "4611686018427387904", "4.611686018427388e18", "1e400", "-1e400", "1e-400", "5e-324", "1.7976931348623157e308",
    "123456789012345678901234567890", "0.1000000000000000055511151231257827",
  ]

  var generator: Generator

  init(seed: UInt64) { generator = Generator(state: seed) }

  mutating func isOne(in count: Int) -> Bool { number(count) == 0 }

  mutating func batch() -> [MemoryOperation] {
    var operations: [MemoryOperation] = []
    repeat { operations.append(operation()) } while isOne(in: 3)
    return operations
  }

  private mutating func operation() -> MemoryOperation {
    switch number(10) {
    case 0...3:
      let life = isOne(in: 3) ? Duration.milliseconds(1 + number(2_000)) : nil
      return .put(namespace(), key: key(), value: value(), timeToLive: isOne(in: 100) ? .zero : life)
    case 4: return .get(namespace(), key: key(), refreshing: isOne(in: 2))
    case 5: return .delete(namespace(), key: isOne(in: 50) ? "" : key())
    case 6...8: return .search(query())
    default: return .listNamespaces(namespaceQuery())
    }
  }

  private mutating func query() -> MemoryQuery {
    var filters: [MemoryFilter] = []
    if !isOne(in: 3) { repeat { filters.append(filter()) } while filters.count < 3 && isOne(in: 4) }
    return MemoryQuery(
      prefix: isOne(in: 3) ? namespace() : nil, filters: filters, limit: isOne(in: 100) ? 0 : 1 + number(20),
      offset: isOne(in: 3) ? number(12) : 0, refreshesTimeToLive: isOne(in: 4))
  }

  private mutating func filter() -> MemoryFilter {
    var path: [String] = []
    while path.count < 3, path.isEmpty ? !isOne(in: 20) : isOne(in: 4) { path.append(name()) }
    return MemoryFilter(path, pick(MemoryFilter.Comparison.allCases), isOne(in: 8) ? value() : scalar())
  }

  private mutating func namespaceQuery() -> NamespaceQuery {
    NamespaceQuery(
      prefix: pattern(), suffix: pattern(), depthMax: isOne(in: 2) ? nil : 1 + number(3), limit: 1 + number(30),
      offset: isOne(in: 2) ? 0 : number(6))
  }

  private mutating func pattern() -> [NamespaceQuery.Label] {
    var pattern: [NamespaceQuery.Label] = []
    while pattern.count < 3, isOne(in: 3) { pattern.append(isOne(in: 3) ? .any : .exactly(pick(Self.labels))) }
    return pattern
  }

  private mutating func namespace() -> MemoryNamespace {
    var labels = [pick(Self.labels)]
    while labels.count < 4, isOne(in: 2) { labels.append(pick(Self.labels)) }
    guard let namespace = try? MemoryNamespace(labels) else { preconditionFailure("sample labels are valid") }
    return namespace
  }

  private mutating func key() -> String { pick(["k", "l", "k\u{0}", "\u{E9}", "e\u{301}", "\n", "K"]) }

  private mutating func value(depth: Int = 3) -> JSONValue {
    switch depth == 0 ? 9 : number(10) {
    case 0...5:
      var object = JSONObject()
      for _ in 0..<number(depth == 3 ? 9 : 3) { object[name()] = value(depth: depth - 1) }
      return .object(object)
    case 6 where depth < 3: return .array((0..<number(3)).map { _ in value(depth: depth - 1) })
    default: return depth == 3 && !isOne(in: 4) ? value(depth: 3) : scalar()
    }
  }

  private mutating func scalar() -> JSONValue {
    switch number(10) {
    case 0: return .null
    case 1: return .bool(isOne(in: 2))
    case 2...4: return .string(pick(Self.texts))
    case 5: return .integer(number(10))
    default: return (try? JSONValue(parsing: pick(Self.numbers))) ?? .null
    }
  }

  /// Some more often than others, so that filters find something.
  private mutating func name() -> String { isOne(in: 3) ? pick(Self.names) : Self.names[number(3)] }

  private mutating func number(_ count: Int) -> Int { .random(in: 0..<count, using: &generator) }

  private mutating func pick<T>(_ all: [T]) -> T { all[number(all.count)] }
}
