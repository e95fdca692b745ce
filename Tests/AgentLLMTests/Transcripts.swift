import AgentJSON
import AgentRuntime
import Foundation

/// The recorded bytes of a real model server.
enum Transcripts {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

  /// All names of answers, sorted.
  static func names() throws -> [String] {
    let suffix = ".resp.raw"
    return try FileManager.default.contentsOfDirectory(atPath: folder.path())
      .filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }.sorted()
  }

  /// The answer as it came over the wire.
  static func answer(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appending(path: "\(name).resp.raw")))
  }

  /// The body that was sent; nil where none was, or nothing that is JSON.
  static func request(_ name: String) throws -> JSONObject? {
    let path = folder.appending(path: "\(name).req.json")
    guard FileManager.default.fileExists(atPath: path.path()) else { return nil }
    return try? JSONValue(parsing: Array(Data(contentsOf: path))).objectValue
  }

  /// The answer's body without its chunk sizes; what was cut off at the end is left out.
  static func dechunkedBody(_ name: String) throws -> [UInt8] {
    let bytes = try answer(name)
    let lineEnd = Array("\r\n".utf8)
    guard var position = bytes.firstRange(of: lineEnd + lineEnd)?.upperBound else { return [] }
    var body: [UInt8] = []
    while let end = bytes[position...].firstRange(of: lineEnd),
      let size = Int(String(decoding: bytes[position..<end.lowerBound], as: UTF8.self), radix: 16), size > 0,
      end.upperBound + size <= bytes.count
    {
      body += bytes[end.upperBound..<end.upperBound + size]
      position = end.upperBound + size + lineEnd.count
    }
    return body
  }

  /// The names of the answers that are event streams.
  static func streams() throws -> [String] {
    try names().filter { String(decoding: try answer($0), as: UTF8.self).contains("Content-Type: text/event-stream") }
  }
}

extension ChatRequest {
  /// The request that a transcript was recorded with; another where that one was no valid request.
  static func recorded(_ name: String) throws -> (request: ChatRequest, streams: Bool) {
    let body = try Transcripts.request(name) ?? [:]
    let messages = (body["messages"]?.arrayValue ?? []).compactMap { Message(stored: $0) }
    var parameters = body
    parameters.removeValue(forKey: "model")
    parameters.removeValue(forKey: "messages")
    let request = ChatRequest(
      modelID: body["model"]?.stringValue ?? "default", messages: messages, parameters: parameters, requestID: name)
    return (request, body["stream"]?.boolValue ?? name.hasSuffix("-stream"))
  }
}
