/// How a log line is written.
public enum LogFormat: String, Sendable, CaseIterable {
  /// One JSON object a line, for machines.
  case json
  /// `time LEVEL logger message key=value`, for people at a terminal.
  case text
}
