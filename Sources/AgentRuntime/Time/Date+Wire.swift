public import FoundationEssentials

extension Date {
  private static var wireStyle: ISO8601FormatStyle { ISO8601FormatStyle(includingFractionalSeconds: true) }

  /// The time as the API writes it: ISO 8601, UTC, with milliseconds.
  public var wireText: String {
    // The style cuts off, and the binary fraction of a millisecond may lie just below the decimal one.
    let milliseconds = (timeIntervalSince1970 * 1000).rounded() + 0.25
    return Date(timeIntervalSince1970: milliseconds / 1000).formatted(Date.wireStyle)
  }

  /// Reads what `wireText` wrote.
  public init?(wireText: String) {
    guard let date = try? Date.wireStyle.parse(wireText) else { return nil }
    self = date
  }
}
