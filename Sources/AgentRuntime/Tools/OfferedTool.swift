import AgentJSON

/// A tool as it is offered to a model, with its schema made ready.
final class OfferedTool: Sendable {
  let tool: any Tool
  let definition: ToolDefinition
  let toolset: String
  let needsApproval: Bool
  let timeout: Duration
  let outputBytesMax: Int
  private let schema: JSONSchema

  /// Returns nil for a tool whose schema cannot be used: a model that calls it could not be checked.
  init?(_ tool: any Tool, of toolset: Toolset) {
    definition = tool.definition
    guard let schema = try? JSONSchema(.object(definition.parameters)) else { return nil }
    self.schema = schema
    self.tool = tool
    self.toolset = toolset.name
    needsApproval = toolset.policy.needsApproval(tool)
    timeout = toolset.policy.timeout
    outputBytesMax = toolset.policy.outputBytesMax
  }

  /// The tool as OpenAI's wire has it.
  func json(named name: String) -> JSONValue {
    [
      "type": "function",
      "function": [
        "name": .string(name), "description": .string(definition.description),
        "parameters": .object(definition.parameters),
      ],
    ]
  }

  /// The arguments of a call, checked. Throws `ToolError` with all faults, for the model to read.
  func arguments(_ text: String) throws -> JSONObject {
    let value: JSONValue
    do {
      // A call without arguments may come as no text at all.
      value = try JSONValue(parsing: text.isEmpty ? "{}" : text)
    } catch {
      throw ToolError("The arguments are not JSON: \(error).")
    }
    return try check(value)
  }

  /// Arguments that stood in a document already, checked. Throws `ToolError`.
  func check(_ value: JSONValue) throws -> JSONObject {
    guard let object = value.objectValue else { throw ToolError("The arguments are not an object: \(value.excerpt).") }
    let faults = schema.validate(value)
    guard faults.isEmpty else {
      let list = faults.prefix(20).map { "\($0)" }.joined(separator: "; ")
      throw ToolError("The arguments do not fit the tool's schema: \(list).")
    }
    return object
  }
}
