import AgentJSON
import Foundation
import Logging

@testable import AgentTelemetry

/// Runs the body with a logger on a file and returns the lines.
func logged(
  _ format: LogFormat = .json, level: Logger.Level = .trace, secrets: [String] = [],
  provider: Logger.MetadataProvider? = nil, time: Int = 1_700_000_000_123, _ body: (inout Logger) -> Void
) throws -> [String] {
  let file = try LogFile()
  let output = LogOutput(descriptor: file.handle.fileDescriptor)
  var logger = Logger(label: "apus.test") { label in
    LineLogHandler(
      label: label, level: level, format: format, redaction: LogRedaction(secrets: secrets), output: output,
      metadataProvider: provider, now: { LogTime(milliseconds: time) })
  }
  body(&logger)
  return lines(try file.readAll())
}

/// The same with one line, parsed.
func loggedObject(
  secrets: [String] = [], provider: Logger.MetadataProvider? = nil, _ body: (inout Logger) -> Void
) throws -> JSONObject {
  let lines = try logged(.json, secrets: secrets, provider: provider, body)
  guard lines.count == 1, case .object(let object) = try JSONValue(parsing: lines[0]) else {
    throw UnexpectedLines(lines: lines)
  }
  return object
}

struct UnexpectedLines: Error {
  let lines: [String]
}
