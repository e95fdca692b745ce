import AgentGraph
import AgentJSON

/// What an expression can see.
struct ExpressionScope: Sendable {
  /// The channels that have a value.
  var state: [String: JSONValue] = [:]
  var node = ""
  var argument: JSONValue?
  var answers: [JSONValue] = []
  var index = 0
  var failure: NodeFailure?

  init(_ state: PoolState, _ channels: [String: PoolChannel], node: String = "") {
    self.node = node
    argument = state.argument.first
    // A node that was sent to sees its argument alone.
    if argument == nil { self.state = channels.compactMapValues { $0.value(in: state) } }
  }
}

/// The closed set of expressions and conditions of graph files.
extension ExpressionScope {
  /// The value of an expression; a word outside the set is an error.
  func value(of expression: JSONValue) throws -> JSONValue {
    let word = try expression.item(0).text
    if word == "if" {
      return try value(of: expression.item(holds(expression.item(1)) ? 2 : 3))
    }
    if let value = try leaf(word, expression) { return value }
    let operands = try expression.items.dropFirst().map { try value(of: $0) }
    return try operation(word, .array(operands))
  }

  /// Whether a condition holds.
  func holds(_ condition: JSONValue) throws -> Bool { try value(of: condition).isTrue }

  /// Words whose operands are no expressions.
  private func leaf(_ word: String, _ expression: JSONValue) throws -> JSONValue? {
    switch word {
    case "const": return try expression.item(1)
    case "node": return .string(node)
    case "sent": return .bool(argument != nil)
    case "answers": return .array(answers)
    case "index": return .integer(index)
    case "get":
      let found = state[try expression.item(1).text] ?? .null
      return try found.isNull && expression.items.count > 2 ? expression.item(2) : found
    case "arg":
      guard let argument else { throw DifferentialFault("nothing was sent to \"\(node)\"") }
      return try expression.items.count > 1 ? argument.member(expression.item(1).text) : argument
    case "answer": return try JSONValue.array(answers).item(expression.item(1).integer)
    case "error":
      guard let failure else { throw DifferentialFault("there is no error outside of a handler") }
      return .string(try expression.item(1) == "text" ? failure.message : failure.node)
    default: return nil
    }
  }

  private func operation(_ word: String, _ operands: JSONValue) throws -> JSONValue {
    let items = try operands.items
    switch word {
    case "add": return .integer(try operands.item(0).integer + operands.item(1).integer)
    case "multiply": return .integer(try operands.item(0).integer * operands.item(1).integer)
    case "text": return .string(try operands.item(0).asText)
    case "concat": return .string(items.map(\.asText).joined())
    case "list": return operands
    case "append": return .array(try operands.item(0).items + [try operands.item(1)])
    case "length": return .integer(try operands.item(0).length)
    case "sum": return .integer(try operands.item(0).items.reduce(0) { $0 + (try $1.integer) })
    case "join": return .string(try operands.item(0).items.map(\.asText).joined(separator: operands.item(1).text))
    case "field": return try operands.item(0).member(operands.item(1).text)
    case "object":
      var object = JSONObject()
      for place in stride(from: 0, to: items.count, by: 2) {
        object[try items[place].text] = try operands.item(place + 1)
      }
      return .object(object)
    default: return .bool(try condition(word, operands))
    }
  }

  private func condition(_ word: String, _ operands: JSONValue) throws -> Bool {
    switch word {
    case "equal": try operands.item(0) == operands.item(1)
    case "less": try operands.item(0).integer < operands.item(1).integer
    case "empty": try [.null, "", [], [:]].contains(operands.item(0))
    case "true": try operands.item(0).isTrue
    case "not": try !operands.item(0).isTrue
    case "both": try operands.item(0).isTrue && operands.item(1).isTrue
    default: throw DifferentialFault("unknown expression \"\(word)\"")
    }
  }
}

extension JSONValue {
  /// A string as it is, anything else as JSON.
  fileprivate var asText: String { stringValue ?? sortedText }

  fileprivate var isTrue: Bool { ![.null, false, 0, "", [], [:]].contains(self) }

  fileprivate var length: Int {
    get throws {
      switch self {
      case .string(let text): text.unicodeScalars.count
      case .object(let object): object.count
      default: try items.count
      }
    }
  }
}
