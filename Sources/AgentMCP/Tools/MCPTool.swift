import AgentJSON
import AgentRuntime
import Logging

/// One tool of a server.
struct MCPTool: Tool {
  let definition: ToolDefinition
  /// The server's own name of it.
  let name: String
  let source: MCPToolSource

  var sourceName: String { name }

  func call(_ arguments: JSONObject, _ context: ToolContext) async throws -> ToolOutput {
    let parameters: JSONObject = [
      "name": .string(name), "arguments": .object(arguments),
      "_meta": ["apus/idempotencyKey": .string(context.idempotencyKey)],
    ]
    let result = try await source.call(
      parameters, headers: MCPHeaders.repeated(arguments, schema: definition.parameters))
    return MCPResult.output(result, bytesMax: context.outputBytesMax)
  }
}

/// What a server lists, made into tools.
enum MCPToolList {
  static let toolsMax = 1000
  static let pagesMax = 100
  private static let descriptionMax = 8192

  /// The tools of a list; what is no usable tool is left out with a warning.
  static func tools(_ list: [JSONValue], source: MCPToolSource, log: Logger) -> [MCPTool] {
    var used: Set<String> = []
    return list.compactMap { json in
      guard let name = json["name"]?.stringValue, !name.isEmpty, name.utf8.count <= 1024 else {
        log.warning("a tool without a usable name is left out")
        return nil
      }
      guard let schema = json["inputSchema"]?.objectValue, schema["type"] == "object",
        (try? JSONSchema(.object(schema))) != nil
      else {
        log.warning(
          "a tool whose inputSchema is no object schema is left out", metadata: ["tool": "\(name.prefix(80))"])
        return nil
      }
      let description = json["description"]?.stringValue ?? json["title"]?.stringValue ?? ""
      let definition = ToolDefinition(
        name: exposed(name, &used), description: String(description.prefix(descriptionMax)), parameters: schema)
      return MCPTool(definition: definition, name: name, source: source)
    }
  }

  /// A name of 1..64 of `A-Za-z0-9_-` that is not used yet.
  static func exposed(_ name: String, _ used: inout Set<String>) -> String {
    let base = ToolDefinition.wireName(name)
    var candidate = base
    var number = 2
    while !used.insert(candidate).inserted {
      let suffix = "_\(number)"
      candidate = base.prefix(64 - suffix.count) + suffix
      number += 1
    }
    return candidate
  }
}

/// The result of a call, made into text.
enum MCPResult {
  static func output(_ result: JSONObject, bytesMax: Int) -> ToolOutput {
    if let type = result["resultType"]?.stringValue, type != "complete" {
      let what = type == "input_required" ? "asks for input, which nobody can give here" : "gave no complete result"
      return ToolOutput("The tool \(what).", isError: true)
    }
    var texts: [String] = []
    for part in result["content"]?.arrayValue ?? [] {
      texts.append(text(part))
    }
    let isBare = !(result["content"]?.arrayValue ?? []).contains { $0["type"] == "text" }
    if isBare, let structured = result["structuredContent"], !structured.isNull { texts.append(structured.encodedText) }
    let whole = texts.joined(separator: "\n")
    return ToolOutput(cut(whole, bytesMax), isError: result["isError"]?.boolValue ?? false)
  }

  private static func text(_ part: JSONValue) -> String {
    let type = part["type"]?.stringValue ?? "unknown"
    if type == "text" { return part["text"]?.stringValue ?? "" }
    let inner = part["resource"]
    if let text = inner?["text"]?.stringValue { return text }
    let name = part["uri"]?.stringValue ?? inner?["uri"]?.stringValue ?? part["mimeType"]?.stringValue ?? "no name"
    return "[\(type.prefix(40)): \(name.prefix(200)), not shown]"
  }

  /// The text's start in at most so many bytes of UTF-8, cut between characters.
  private static func cut(_ text: String, _ bytesMax: Int) -> String {
    guard text.utf8.count > bytesMax else { return text }
    var end = text.utf8.index(text.startIndex, offsetBy: max(0, bytesMax))
    while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil { text.utf8.formIndex(before: &end) }
    return String(text[..<end])
  }
}
