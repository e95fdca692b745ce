import AgentJSON
import AgentRuntime

/// `code_interpreter`: runs code that the model wrote, in the sandbox.
struct CodeInterpreterTool: Tool {
  let sandbox: any Sandbox
  let settings: CodeInterpreterSettings
  let files: SessionFiles
  /// What can be run now.
  let languages: [SandboxLanguage]

  var definition: ToolDefinition {
    ToolDefinition(
      name: "code_interpreter",
      description:
        "Runs code in a sandbox without network and returns what it printed and the value of its last expression. "
        + "Print what you want to see. Every call is a new process with an empty state; files in the working "
        + "directory are kept for the next call only where the result lists them.",
      parameters: [
        "type": "object",
        "properties": [
          "language": [
            "type": "string", "enum": .array(languages.map { .string($0.rawValue) }),
            "description": "What the code is written in",
          ],
          "code": ["type": "string", "minLength": 1, "description": "The whole program"],
        ],
        "required": ["language", "code"], "additionalProperties": false,
      ])
  }

  func call(_ arguments: JSONObject, _ context: ToolContext) async throws -> ToolOutput {
    guard let language = arguments["language"]?.stringValue.flatMap(SandboxLanguage.init(rawValue:)),
      let code = arguments["code"]?.stringValue
    else { throw ToolError("'language' and 'code' are required.") }
    var limits = SandboxLimits(
      timeout: settings.timeout, memoryMB: settings.memoryMB, resultBytesMax: settings.resultBytesMax)
    let key = context.sessionID.map { SessionFiles.Key(agentID: context.agentID, sessionID: $0) }
    limits.filesBytesMax = key == nil ? 0 : min(context.keptFilesBytesMax, settings.sessionFilesBytesMax)
    let given = limits.filesBytesMax > 0 ? key.map(files.files) ?? [:] : [:]
    let program = SandboxProgram(language: language, source: code, entryPoint: nil)
    let report: SandboxReport
    do {
      report = try await sandbox.run(SandboxCall(program, limits: limits, files: given), host: NoHost())
    } catch let error as SandboxUnavailable {
      throw ToolError("Code execution is not available: \(error.message)", cause: error)
    }
    // A session that was deleted meanwhile keeps nothing.
    try Task.checkCancellation()
    var answer = CodeInterpreterAnswer(report, limits: limits, outputBytesMax: context.outputBytesMax)
    // Only a program that came to its end hands back files.
    if let key, limits.filesBytesMax > 0, case .value = report.outcome {
      answer.note(keep(report.files, given, key, limits.filesBytesMax))
    }
    return answer.output
  }

  private func keep(
    _ made: SessionFiles.Files, _ given: SessionFiles.Files, _ key: SessionFiles.Key, _ bytesMax: Int
  ) -> KeptFiles {
    let kept = files.keep(made, insteadOf: given, of: key, bytesMax: bytesMax, countMax: settings.sessionFilesMax)
    return kept.map { .all($0.mapValues(\.count)) } ?? .tooMany(bytesMax: bytesMax, countMax: settings.sessionFilesMax)
  }
}

/// What became of the files that a call left.
enum KeptFiles {
  /// The session's files, with their sizes.
  case all([String: Int])
  case tooMany(bytesMax: Int, countMax: Int)
}

/// The tool's code yields nothing and calls no model.
private struct NoHost: SandboxHost {
  func take(_ text: String) async throws {}

  func callModel(messages: [JSONValue], options: JSONObject) async throws -> JSONObject {
    throw SandboxRefusal("The code interpreter's code cannot call the model.")
  }
}
