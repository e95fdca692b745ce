public import Logging

/// Writes each log event as one line: a JSON object, or text for a terminal.
///
/// A JSON line has the members `time` (ISO 8601, UTC, milliseconds), `level`, `logger`, `message`, and the metadata's
/// as they are (a name of those four gets a `_` at its end). Members whose name says that they are figures (`status`,
/// `attempts`, `…_ms`, `…_tokens` and the like) are numbers where their text is one, all others strings. `error`
/// holds an error and its causes. A line has at most 16 KiB: longer texts are cut, and say so.
public struct LineLogHandler: LogHandler {
  /// The least level that is written.
  public var logLevel: Logger.Level
  /// What every line of this logger carries.
  public var metadata: Logger.Metadata = [:]
  /// Adds metadata of the task at hand.
  public var metadataProvider: Logger.MetadataProvider?

  private let label: String
  private let format: LogFormat
  private let redaction: LogRedaction
  private let output: LogOutput
  private let now: @Sendable () -> LogTime

  /// Makes the handler of one logger.
  public init(
    label: String, level: Logger.Level, format: LogFormat, redaction: LogRedaction, output: LogOutput,
    metadataProvider: Logger.MetadataProvider? = nil
  ) {
    self.init(
      label: label, level: level, format: format, redaction: redaction, output: output,
      metadataProvider: metadataProvider, now: { .now })
  }

  init(
    label: String, level: Logger.Level, format: LogFormat, redaction: LogRedaction, output: LogOutput,
    metadataProvider: Logger.MetadataProvider? = nil, now: @escaping @Sendable () -> LogTime
  ) {
    self.logLevel = level
    self.metadataProvider = metadataProvider
    self.label = label
    self.format = format
    self.redaction = redaction
    self.output = output
    self.now = now
  }

  /// A member of this logger's own metadata.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes the line; of metadata of the same name the event's wins, then the provider's.
  public func log(event: LogEvent) {
    var merged = metadata
    if let provided = metadataProvider?.get(), !provided.isEmpty { merged.merge(provided) { $1 } }
    if let explicit = event.metadata, !explicit.isEmpty { merged.merge(explicit) { $1 } }
    let record = LogRecord(event, metadata: merged, logger: label, time: now(), redaction: redaction)
    switch format {
    case .json: output.write(LogLine.json(record))
    case .text: output.write(LogLine.text(record))
    }
  }
}
