import AgentJSON
import AgentRuntime
import FoundationEssentials

/// The frames that go to a worker.
enum WorkerRequest {
  /// Bytes of one frame.
  static let bytesMax = 64 << 20

  static func run(_ call: SandboxCall) -> [UInt8] {
    let (program, limits) = (call.program, call.limits)
    return frame { writer in
      head("run", program, &writer)
      writer.member("input" as StaticString)
      writer.value(call.input)
      number("result_bytes_max", limits.resultBytesMax, &writer)
      // The host counts what it gets, and tells a flood of text from a large result; the worker's own bound is a net.
      number("text_bytes_max", limits.resultBytesMax * 2 + 65_536, &writer)
      number("keep_files_bytes", limits.filesBytesMax, &writer)
      writer.member("llm" as StaticString)
      writer.bool(call.hasModel)
      writer.member("interpreter" as StaticString)
      writer.bool(program.entryPoint == nil)
      if !call.files.isEmpty {
        writer.member("files" as StaticString)
        let files = call.files.sorted { $0.key < $1.key }
        writer.object(JSONObject(files.map { ($0.key, .string(Data($0.value).base64EncodedString())) }))
      }
    }
  }

  static func check(_ program: SandboxProgram) -> [UInt8] {
    frame { writer in
      head("check", program, &writer)
      writer.member("interpreter" as StaticString)
      writer.bool(program.entryPoint == nil)
    }
  }

  static func reply(_ id: JSONValue, _ answer: Result<JSONObject, SandboxRefusal>) -> [UInt8] {
    var json: JSONObject = ["type": "llm_reply", "id": id]
    switch answer {
    case .success(let value): json["value"] = .object(value)
    case .failure(let refusal): json["error"] = .string(refusal.message)
    }
    return prefixed(JSONValue.object(json).encoded())
  }

  private static func head(_ type: StaticString, _ program: SandboxProgram, _ writer: inout JSONWriter) {
    writer.member("type" as StaticString)
    writer.raw("\"")
    writer.raw(type)
    writer.raw("\"")
    writer.member("language" as StaticString)
    writer.string(program.language.rawValue)
    writer.member("source" as StaticString)
    writer.string(program.source)
    if let entryPoint = program.entryPoint {
      writer.member("entry_point" as StaticString)
      writer.string(entryPoint)
    }
  }

  private static func number(_ name: StaticString, _ value: Int, _ writer: inout JSONWriter) {
    writer.member(name)
    writer.integer(value)
  }

  private static func frame(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter(reserving: 1024)
    // The length's place, filled in once it is known.
    writer.bytes += [0, 0, 0, 0]
    writer.raw("{")
    members(&writer)
    writer.raw("}")
    for index in 0..<4 {
      writer.bytes[index] = UInt8(truncatingIfNeeded: (writer.bytes.count - 4) >> (index * 8))
    }
    return writer.bytes
  }

  private static func prefixed(_ body: [UInt8]) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: body.count >> ($0 * 8)) } + body
  }
}
