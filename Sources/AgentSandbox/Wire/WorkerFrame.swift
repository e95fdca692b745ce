import AgentJSON
import AgentRuntime
import FoundationEssentials

/// What a worker says on its channel.
enum WorkerFrame: Sendable {
  case text(String)
  case modelCall(id: Int, messages: [JSONValue], options: JSONObject)
  case result(JSONValue, files: [String: [UInt8]])
  case failure(SandboxException)
  case resultTooLarge
  case checked([SandboxFault])

  /// Reads a frame; nil for what is none.
  init?(_ bytes: [UInt8]) {
    guard let object = try? JSONValue(parsing: bytes).objectValue, let type = object["type"]?.stringValue else {
      return nil
    }
    switch type {
    case "text":
      guard let text = object["text"]?.stringValue else { return nil }
      self = .text(text)
    case "llm_call":
      guard let id = object["id"]?.intValue, let messages = object["messages"]?.arrayValue else { return nil }
      self = .modelCall(id: id, messages: messages, options: object["options"]?.objectValue ?? [:])
    case "result":
      guard let value = object["value"] else { return nil }
      self = .result(value, files: Self.files(object["files"]?.objectValue ?? [:]))
    case "error":
      if object["kind"]?.stringValue == "result_too_large" {
        self = .resultTooLarge
      } else {
        guard let exception = SandboxException(object) else { return nil }
        self = .failure(exception)
      }
    case "checked":
      guard let faults = object["faults"]?.arrayValue else { return nil }
      self = .checked(faults.compactMap { $0.objectValue.map(SandboxFault.init) })
    default: return nil
    }
  }

  private static func files(_ object: JSONObject) -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for (name, value) in object {
      if let data = value.stringValue.flatMap({ Data(base64Encoded: $0) }) { files[name] = Array(data) }
    }
    return files
  }
}

/// What the host says to a worker.
enum HostFrame {
  static func run(_ call: SandboxCall) -> [UInt8] {
    var object = program(call.program, type: "run")
    object["input"] = call.input
    object["result_bytes_max"] = .integer(call.limits.resultBytesMax)
    object["text_bytes_max"] = .integer(call.limits.resultBytesMax)
    object["keep_files_bytes"] = .integer(call.limits.filesBytesMax)
    object["llm"] = .bool(call.hasModel)
    object["interpreter"] = .bool(call.program.entryPoint == nil)
    var files: JSONObject = [:]
    for (name, bytes) in call.files { files[name] = .string(Data(bytes).base64EncodedString()) }
    object["files"] = .object(files)
    return frame(object)
  }

  static func check(_ program: SandboxProgram) -> [UInt8] { frame(self.program(program, type: "check")) }

  static func reply(to id: Int, _ result: Result<JSONObject, SandboxRefusal>) -> [UInt8] {
    var object: JSONObject = ["type": "llm_reply", "id": .integer(id)]
    switch result {
    case .success(let value): object["value"] = .object(value)
    case .failure(let refusal): object["error"] = .string(refusal.message)
    }
    return frame(object)
  }

  private static func program(_ program: SandboxProgram, type: String) -> JSONObject {
    var object: JSONObject = [
      "type": .string(type), "language": .string(program.language.rawValue), "source": .string(program.source),
    ]
    if let entryPoint = program.entryPoint { object["entry_point"] = .string(entryPoint) }
    return object
  }

  private static func frame(_ object: JSONObject) -> [UInt8] {
    FrameSplitter.frame(JSONValue.object(object).encoded())
  }
}

extension SandboxException {
  fileprivate init?(_ object: JSONObject) {
    guard let kind = object["kind"]?.stringValue.flatMap(Kind.init) else { return nil }
    var frames = (object["frames"]?.arrayValue ?? []).compactMap { $0.objectValue.map(SandboxFrame.init) }
    if frames.isEmpty, let line = object["line"]?.intValue {
      frames = [SandboxFrame(line: line, column: object["column"]?.intValue, function: "")]
    }
    self.init(
      kind, name: object["name"]?.stringValue ?? "Error", message: object["message"]?.stringValue ?? "",
      frames: frames)
  }
}

extension SandboxFrame {
  fileprivate init(_ object: JSONObject) {
    self.init(
      line: object["line"]?.intValue ?? 0, column: object["column"]?.intValue,
      function: object["function"]?.stringValue ?? "", text: object["text"]?.stringValue ?? "")
  }
}

extension SandboxFault {
  fileprivate init(_ object: JSONObject) {
    self.init(
      line: object["line"]?.intValue, column: object["column"]?.intValue,
      message: object["message"]?.stringValue ?? "the code cannot be used")
  }
}
