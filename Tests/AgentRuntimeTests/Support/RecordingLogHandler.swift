import Logging

/// Keeps each record as one text.
private struct RecordingLogHandler: LogHandler {
  let lines: Recorded<String>
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.trace

  init(lines: Recorded<String>) { self.lines = lines }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { lines.add("\(event.message) \(event.metadata ?? [:])") }
}

extension Logger {
  /// A logger of every level.
  static func recording(into lines: Recorded<String>) -> Logger {
    var logger = Logger(label: "test") { _ in RecordingLogHandler(lines: lines) }
    logger.logLevel = .trace
    return logger
  }
}
