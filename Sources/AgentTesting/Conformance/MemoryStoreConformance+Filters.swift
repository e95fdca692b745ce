import AgentGraph
import AgentJSON

extension MemoryStoreConformance {
  static let filterChecks: [Check] =
    filterCases.map { filterCheck in
      Check("filter \(filterCheck.name)") { store, _ in
        let namespace = try MemoryNamespace("a")
        for (key, value) in filterValues { try await store.put(namespace, key, ["f": value]) }
        try await store.put(namespace, "missing", ["g": 1])
        try await store.put(namespace, "scalar", 2)
        let wanted = filterCheck.keys.split(separator: " ").map(String.init).sorted()
        try expectEqual(try await store.keys(namespace, filterCheck.filter), wanted, filterCheck.name)
        let not = MemoryFilter(filterCheck.filter.path, .ne, filterCheck.filter.operand)
        guard filterCheck.filter.comparison == .eq else { return }
        let all = Set(try await store.keys(namespace))
        try expectEqual(Set(try await store.keys(namespace, not)), all.subtracting(wanted), "\(filterCheck.name), not")
      }
    } + pathChecks

  private static var filterValues: [(String, JSONValue)] {
    [
      ("null", .null), ("true", true), ("false", false), ("0", 0), ("1", 1), ("1.0", 1.0), ("1.5", 1.5), ("-1", -1),
      ("10", 10), ("s", "s"), ("s1", "1"), ("s10", "10"), ("s9", "9"), ("empty", ""), ("e1", "\u{E9}"),
      ("e2", "e\u{301}"), ("nul", "s\u{0}t"), ("array", [1, "s"]), ("object", ["x": 1, "y": 2]),
      ("max", .integer(.max)), ("min", .integer(.min)), ("max-1", .integer(.max - 1)),
      ("2^63", number("9223372036854775808")), ("huge", number("1e400")), ("-huge", number("-1e400")),
      ("tiny", number("1e-400")), ("smile", "😀"), ("last", "\u{FFFD}"),
    ]
  }

  private static func number(_ literal: String) -> JSONValue { JSONNumber(literal).map(JSONValue.number) ?? .null }

  private struct FilterCase {
    let name: String
    let filter: MemoryFilter
    let keys: String

    init(_ comparison: MemoryFilter.Comparison, _ operand: JSONValue, _ keys: String) {
      name = "\(comparison.rawValue) \(operand)"
      filter = MemoryFilter("f", comparison, operand)
      self.keys = keys
    }
  }

  private static var filterCases: [FilterCase] {
    [
      FilterCase(.eq, .null, "null"), FilterCase(.eq, true, "true"), FilterCase(.eq, false, "false"),
      FilterCase(.eq, 1, "1 1.0"), FilterCase(.eq, 1.0, "1 1.0"), FilterCase(.eq, 0, "0"), FilterCase(.eq, -0.0, "0"),
      FilterCase(.eq, "1", "s1"), FilterCase(.eq, "s", "s"), FilterCase(.eq, "s\u{0}t", "nul"),
      FilterCase(.eq, "", "empty"), FilterCase(.eq, "\u{E9}", "e1"), FilterCase(.eq, "e\u{301}", "e2"),
      FilterCase(.eq, [1, "s"], "array"), FilterCase(.eq, [1.0, "s"], "array"), FilterCase(.eq, ["s", 1], ""),
      FilterCase(.eq, ["y": 2, "x": 1], "object"), FilterCase(.eq, ["x": 1], ""),
      FilterCase(.eq, .integer(.max), "max"),
      FilterCase(.eq, number("9223372036854775808"), "2^63"), FilterCase(.eq, 9.223372036854775808e18, ""),
      FilterCase(.eq, number("10e399"), "huge"), FilterCase(.eq, number("1e-400"), "tiny"),
      FilterCase(.gt, 1, "1.5 10 max max-1 2^63 huge"), FilterCase(.gte, 1, "1 1.0 1.5 10 max max-1 2^63 huge"),
      FilterCase(.lt, 1, "0 -1 min -huge tiny"), FilterCase(.lte, 1, "0 1 1.0 -1 min -huge tiny"),
      FilterCase(.gt, 0, "1 1.0 1.5 10 max max-1 2^63 huge tiny"), FilterCase(.lt, number("1e-400"), "0 -1 min -huge"),
      FilterCase(.gt, .integer(.max - 1), "max 2^63 huge"), FilterCase(.gt, .integer(.max), "2^63 huge"),
      FilterCase(.lt, .integer(.min), "-huge"), FilterCase(.gte, number("1e400"), "huge"),
      FilterCase(.gt, 1.7e308, "huge"), FilterCase(.lte, number("-1e400"), "-huge"),
      FilterCase(.gt, "1", "s s10 s9 e1 e2 nul smile last"), FilterCase(.gte, "9", "s s9 e1 e2 nul smile last"),
      FilterCase(.lt, "9", "s1 s10 empty"), FilterCase(.lte, "9", "s1 s10 s9 empty"),
      FilterCase(.gt, "s", "nul e1 smile last"), FilterCase(.lte, "s", "s s1 s10 s9 empty e2"),
      FilterCase(.lt, "s\u{0}t", "s s1 s10 s9 empty e2"), FilterCase(.gte, "s\u{0}t", "nul e1 smile last"),
      FilterCase(.gt, "\u{FFFD}", "smile"), FilterCase(.lt, "", ""),
      FilterCase(.gte, .null, ""), FilterCase(.lte, true, ""), FilterCase(.gte, [1, "s"], ""),
      FilterCase(.lte, ["x": 1, "y": 2], ""),
    ]
  }

  private static let pathChecks: [Check] = [
    Check("filters reach nested fields by their names alone") { store, _ in
      let namespace = try MemoryNamespace("a")
      let names = [
        "a", "a.b", "", " ", "\"", "\\", "\n", "\u{0}", "é", "e\u{301}", "0", "$", "[0]", "*", "a\"b", "\\u0061", "'",
      ]
      for (index, name) in names.enumerated() {
        try await store.put(namespace, "k\(100 + index)", .object([name: ["in": .object([name: .integer(index)])]]))
      }
      for (index, name) in names.enumerated() {
        for comparison in [MemoryFilter.Comparison.eq, .gte] {
          let filter = MemoryFilter([name, "in", name], comparison, .integer(index))
          try expectEqual(try await store.keys(namespace, filter), ["k\(100 + index)"], "\(name) \(comparison)")
        }
        try expectEqual(try await store.keys(namespace, MemoryFilter([name, name], .eq, 1)), [], "\(name) twice")
      }
    },
    Check("filters reach the value itself, and no elements of arrays") { store, _ in
      let namespace = try MemoryNamespace("a")
      for (key, value) in [("array", [5]), ("five", 5), ("six", 6), ("text", "5")] as [(String, JSONValue)] {
        try await store.put(namespace, key, value)
      }
      try expectEqual(try await store.keys(namespace, MemoryFilter([], .gte, 5)), ["five", "six"], "the value itself")
      try expectEqual(try await store.keys(namespace, MemoryFilter("0", .eq, 5)), [], "the first element")
      try expectEqual(try await store.keys(namespace, MemoryFilter([], .eq, [5])), ["array"], "the array")
    },
    Check("all filters have to match") { store, _ in
      let namespace = try MemoryNamespace("a")
      for number in 0..<30 {
        try await store.put(namespace, "k\(100 + number)", ["n": .integer(number), "t": .string("t\(number % 3)")])
      }
      let keys = try await store.keys(
        namespace, MemoryFilter("n", .gte, 10), MemoryFilter("n", .lt, 20.5), MemoryFilter("t", .eq, "t1"),
        MemoryFilter("n", .ne, 13))
      try expectEqual(keys, ["k110", "k116", "k119"], "the keys")
    },
    Check("text in a filter is only text") { store, _ in
      let namespace = try MemoryNamespace("a")
      try await store.put(namespace, "k", ["f": "x"])
      for text in ["' OR 1=1 --", "x' --", "%", "*", "x\"", "$.f"] {
        try expectEqual(try await store.keys(namespace, MemoryFilter("f", .eq, .string(text))), [], "by \(text)")
        try expectEqual(try await store.keys(namespace, MemoryFilter(text, .eq, "x")), [], "in \(text)")
      }
    },
  ]
}
