import AgentGraph
import AgentJSON
import FoundationEssentials
import GRDB

/// A query's conditions in SQL: true of every item that matches, and of few others.
///
/// SQLite's JSON functions see some values differently: texts end at a NUL, names with escapes are not found, and
/// numbers are doubles of which the last digits may differ. So the conditions are as wide as that needs, and what
/// passes is compared again by `MemoryFilter.matches`, which has the last word in every store.
struct MemoryCondition: Sendable {
  /// The terms, joined by AND.
  private(set) var sql: String
  /// What they bind.
  private(set) var arguments: StatementArguments

  init(_ query: MemoryQuery, at time: Int64) {
    let range = MemoryRange(prefix: query.prefix)
    sql = """
      namespace >= CAST(? AS TEXT) AND namespace < CAST(? AS TEXT) AND (expires_at IS NULL OR expires_at > ?)
      """
    arguments = [Data(range.start), Data(range.end), time]
    for filter in query.filters { add(filter) }
  }

  private mutating func add(_ filter: MemoryFilter) {
    guard let path = Self.path(filter.path) else { return }
    switch (filter.comparison, filter.operand) {
    case (.ne, _):
      // Nearly all match: there is little to keep from the exact comparison.
      return
    case (_, .string(let text)): addText(path, filter.comparison, text)
    case (_, .integer), (_, .double), (_, .number): addNumber(path, filter.comparison, filter.operand)
    case (.eq, .null): add("json_type(value, ?) = 'null'", [path])
    case (.eq, .bool(let value)): add("json_type(value, ?) = '\(value)'", [path])
    case (.eq, .array): add("json_type(value, ?) = 'array'", [path])
    case (.eq, .object): add("json_type(value, ?) = 'object'", [path])
    case (.gt, _), (.gte, _), (.lt, _), (.lte, _): add("FALSE", [])
    }
  }

  private mutating func addText(_ path: Data, _ comparison: MemoryFilter.Comparison, _ text: String) {
    add("json_type(value, ?) = 'text'", [path])
    guard !text.utf8.contains(0) else { return }
    // A stored text with a NUL is cut to one that is no greater, and equal only where the text itself is greater.
    let symbol =
      switch comparison {
      case .gt, .gte: ">="
      case .lt, .lte: "<="
      case .eq, .ne: "="
      }
    add("json_extract(value, ?) \(symbol) CAST(? AS TEXT)", [path, text.sqlText])
  }

  private mutating func addNumber(_ path: Data, _ comparison: MemoryFilter.Comparison, _ operand: JSONValue) {
    add("json_type(value, ?) IN ('integer', 'real')", [path])
    guard let number = operand.doubleValue else { return }
    // Wider than any rounding of either side; the second part is for numbers next to 0.
    let margin = abs(number) * 1e-12 + 1e-290
    guard (number + margin).isFinite, (number - margin).isFinite else { return }
    if [.eq, .gt, .gte].contains(comparison) {
      add("json_extract(value, ?) >= ?", [path, number - margin])
    }
    if [.eq, .lt, .lte].contains(comparison) {
      add("json_extract(value, ?) <= ?", [path, number + margin])
    }
  }

  private mutating func add(_ term: String, _ values: StatementArguments) {
    sql += " AND \(term)"
    arguments += values
  }

  /// The path as SQLite's JSON functions want it; nil where a name would need escapes, of which they differ by
  /// version.
  private static func path(_ names: [String]) -> Data? {
    let isPlain = names.allSatisfy { name in
      name.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }
    guard isPlain else { return nil }
    return names.reduce("$") { $0 + ".\"\($1)\"" }.sqlText
  }
}
