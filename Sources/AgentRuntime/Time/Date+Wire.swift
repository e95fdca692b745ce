public import FoundationEssentials

extension Date {
  private static var wireStyle: ISO8601FormatStyle { ISO8601FormatStyle(includingFractionalSeconds: true) }

  /// The time as the API writes it: ISO 8601, UTC, with milliseconds.
  public var wireText: String { formatted(Date.wireStyle) }

  /// Reads what `wireText` wrote.
  public init?(wireText: String) {
    guard let date = try? Date.wireStyle.parse(wireText) else { return nil }
    self = date
  }
}
