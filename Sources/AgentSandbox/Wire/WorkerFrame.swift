import AgentJSON
import AgentRuntime
import FoundationEssentials

/// One frame of a worker, which may be anything: the code that it runs is hostile.
enum WorkerFrame: Hashable {
  case text(String)
  case modelCall(id: JSONValue, messages: [JSONValue], options: JSONObject)
  case result(JSONValue, files: [String: [UInt8]])
  case error(SandboxException)
  case tooLarge
  case checked([SandboxFault])

  private static let lastStarts = ["result", "error", "checked"].flatMap { type in
    [Array(#"{"type":"\#(type)""#.utf8), Array(#"{"type": "\#(type)""#.utf8)]
  }

  /// Whether bytes begin as a last frame does, as the bootstraps write it; they are not parsed.
  static func looksLast(_ bytes: [UInt8]) -> Bool { lastStarts.contains { bytes.starts(with: $0) } }

  /// Why bytes are no frame.
  struct Malformed: Error, Hashable {
    var why: String
    /// The value is nested deeper than JSON may be here.
    var isTooDeep = false
  }

  /// Values are nested so deep at most.
  static let depthMax = JSONLimits.depthCeiling

  init(parsing bytes: [UInt8]) throws(Malformed) {
    let json: JSONObject
    do {
      guard case .object(let object) = try JSONValue(parsing: bytes, limits: JSONLimits(depthMax: Self.depthMax)) else {
        throw Malformed(why: "a frame that is no JSON object")
      }
      json = object
    } catch let error as JSONParseError {
      throw Malformed(why: "a frame that is no JSON: \(error.message)", isTooDeep: error.code == "depth_exceeded")
    } catch let error as Malformed {
      throw error
    } catch {
      throw Malformed(why: "a frame that is no JSON")
    }
    switch json["type"]?.stringValue {
    case "text": self = .text(try Self.string(json, "text"))
    case "llm_call": self = try Self.modelCall(json)
    case "result": self = .result(try Self.member(json, "value"), files: try Self.files(json["files"]))
    case "error": self = try Self.error(json)
    case "checked": self = .checked(try Self.array(json, "faults").map(Self.fault))
    case let type: throw Malformed(why: "a frame of the type '\((type ?? "").prefix(40))'")
    }
  }

  private static func member(_ json: JSONObject, _ name: String) throws(Malformed) -> JSONValue {
    guard let value = json[name] else { throw Malformed(why: "a frame without '\(name)'") }
    return value
  }

  private static func string(_ json: JSONObject, _ name: String) throws(Malformed) -> String {
    guard let text = json[name]?.stringValue else { throw Malformed(why: "a frame without the text '\(name)'") }
    return text
  }

  private static func array(_ json: JSONObject, _ name: String) throws(Malformed) -> [JSONValue] {
    guard let list = json[name]?.arrayValue else { throw Malformed(why: "a frame without the list '\(name)'") }
    return list
  }

  private static func modelCall(_ json: JSONObject) throws(Malformed) -> WorkerFrame {
    .modelCall(
      id: try member(json, "id"), messages: try array(json, "messages"), options: json["options"]?.objectValue ?? [:])
  }

  private static func error(_ json: JSONObject) throws(Malformed) -> WorkerFrame {
    let kindName = try string(json, "kind")
    if kindName == "result_too_large" { return .tooLarge }
    guard let kind = SandboxException.Kind(rawValue: kindName) else {
      throw Malformed(why: "an error of the kind '\(kindName.prefix(40))'")
    }
    var frames = (json["frames"]?.arrayValue ?? []).prefix(framesMax).compactMap(Self.frame)
    // A fault of the source has a place and no frames.
    if frames.isEmpty, let line = line(json["line"]) {
      frames = [SandboxFrame(line: line, column: self.line(json["column"]), function: "")]
    }
    return .error(
      SandboxException(
        kind, name: json["name"]?.stringValue ?? "Error", message: json["message"]?.stringValue ?? "", frames: frames))
  }

  private static let framesMax = 64

  private static func frame(_ json: JSONValue) -> SandboxFrame? {
    guard let line = line(json["line"]) else { return nil }
    return SandboxFrame(
      line: line, column: self.line(json["column"]), function: json["function"]?.stringValue ?? "",
      text: json["text"]?.stringValue ?? "")
  }

  private static func fault(_ json: JSONValue) -> SandboxFault {
    SandboxFault(
      line: line(json["line"]), column: line(json["column"]),
      message: json["message"]?.stringValue ?? "it cannot be used")
  }

  private static func line(_ json: JSONValue?) -> Int? {
    json?.intValue.flatMap { $0 > 0 ? $0 : nil }
  }

  private static func files(_ json: JSONValue?) throws(Malformed) -> [String: [UInt8]] {
    guard let json, !json.isNull else { return [:] }
    guard let object = json.objectValue else { throw Malformed(why: "files that are no object") }
    var files: [String: [UInt8]] = [:]
    for (name, value) in object {
      guard SandboxFileName.isAllowed(name) else { throw Malformed(why: "a file named '\(name.prefix(40))'") }
      guard let text = value.stringValue, let data = Data(base64Encoded: text) else {
        throw Malformed(why: "a file that is no base64")
      }
      files[name] = Array(data)
    }
    return files
  }
}

/// Names of files in a working directory, which has no folders.
enum SandboxFileName {
  static let allowed = "1 to 255 bytes, no '/', no NUL, neither '.' nor '..'"

  static func isAllowed(_ name: String) -> Bool {
    (1...255).contains(name.utf8.count) && name != "." && name != ".." && !name.utf8.contains { $0 == 0x2F || $0 == 0 }
  }
}
