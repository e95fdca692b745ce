public import AgentJSON

/// A condition on a field of an item's value.
///
/// `eq` and `ne` compare any JSON by its value: `1` equals `1.0`, the order of members does not matter, strings are
/// compared code point by code point. `ne` is exactly what `eq` is not, so it is true of a field that is missing;
/// `eq` with null wants a null that is there. The other four hold between two numbers, by their exact values, and
/// between two strings, by their UTF-8 bytes (the order of code points); never between different types, nor for
/// booleans, null, arrays and objects.
public struct MemoryFilter: Sendable, Hashable {
  /// How a field is compared with the operand.
  public enum Comparison: String, Sendable, Hashable, CaseIterable {
    /// Is equal.
    case eq
    /// Is not equal, or missing.
    case ne
    /// Is greater.
    case gt
    /// Is greater or equal.
    case gte
    /// Is less.
    case lt
    /// Is less or equal.
    case lte
  }

  /// The names of members, from the outermost object inward; none: the value itself. Arrays have no members.
  public let path: [String]
  /// How to compare.
  public let comparison: Comparison
  /// What to compare with.
  public let operand: JSONValue

  /// A condition on a nested field.
  public init(_ path: [String], _ comparison: Comparison, _ operand: JSONValue) {
    self.path = path
    self.comparison = comparison
    self.operand = operand
  }

  /// A condition on a field of the outermost object; a dot in its name is only a dot.
  public init(_ field: String, _ comparison: Comparison, _ operand: JSONValue) {
    self.init([field], comparison, operand)
  }

  /// Whether a value fulfils the condition.
  public func matches(_ value: JSONValue) -> Bool {
    let field = path.reduce(Optional(value)) { $0?[$1] }
    switch comparison {
    case .eq: return field == operand
    case .ne: return field != operand
    case .gt: return order(field) == .greater
    case .gte: return [.greater, .equal].contains(order(field))
    case .lt: return order(field) == .less
    case .lte: return [.less, .equal].contains(order(field))
    }
  }

  /// How a field compares to the operand; nil if they have no order.
  private func order(_ field: JSONValue?) -> MemoryOrder? {
    switch (field, operand) {
    case (.string(let left), .string(let right)): MemoryOrder(left, right)
    case (let field?, let operand): MemoryOrder(numbers: field, operand)
    case (nil, _): nil
    }
  }
}
