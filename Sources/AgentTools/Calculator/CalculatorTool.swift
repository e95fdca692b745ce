import AgentJSON
import AgentRuntime

/// `calculator`: computes arithmetic, exactly where that is possible.
struct CalculatorTool: Tool {
  let definition = ToolDefinition(
    name: "calculator",
    description: """
      Computes an arithmetic expression: + - * / % ^ (or **), parentheses, decimals, 1e3, pi, e, and \
      \(CalculatorFunctions.names.joined(separator: ", ")); angles in radians, log is to base 10. + - * and whole \
      powers are exact; % has the sign of the left side; round goes away from zero at .5, round(x, 2) to two \
      decimals. A result that is not exact is marked (rounded).
      """,
    parameters: [
      "type": "object",
      "properties": ["expression": ["type": "string", "description": "Such as (0.1 + 0.2) * 3^2"]],
      "required": ["expression"],
      "additionalProperties": false,
    ])

  func call(_ arguments: JSONObject, _ context: ToolContext) async throws -> ToolOutput {
    guard let text = arguments["expression"]?.stringValue else {
      throw ToolError("the argument expression is missing")
    }
    let value = try ExpressionParser.value(of: text)
    return ToolOutput(value.isExact ? "\(value.number)" : "\(value.number) (rounded)")
  }
}
