import AgentRuntime
import HTTPTypes

/// Takes over a caller's X-Request-ID if it is sane, else makes one (contract §1.7).
struct RequestIDs: Sendable {
  private let made = IDSequence("req-")

  func id(for head: HTTPRequest) -> String {
    if let given = head.headerFields[.requestID], isSane(given) { return given }
    return next()
  }

  func next() -> String { made.next() }

  // What can stand in a header, a log line and a command without quoting.
  private func isSane(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "._:-+/=@".utf8.contains(byte)
        }
      }
  }
}

extension HTTPField.Name {
  /// `Last-Event-ID`
  static let lastEventID = Self.make("last-event-id")
  /// `X-Request-ID`
  static let requestID = Self.make("x-request-id")
  /// `X-Runtime-Token`
  static let runtimeToken = Self.make("x-runtime-token")
  /// `X-Schema-Version`
  static let schemaVersion = Self.make("x-schema-version")
  /// `X-Total-Count`
  static let totalCount = Self.make("x-total-count")
  /// `x-should-retry`
  static let shouldRetry = Self.make("x-should-retry")
  /// `X-Accel-Buffering`
  static let accelBuffering = Self.make("x-accel-buffering")
  /// `X-Content-Type-Options`
  static let contentTypeOptions = Self.make("x-content-type-options")

  private static func make(_ name: String) -> HTTPField.Name {
    guard let field = HTTPField.Name(name) else { preconditionFailure("'\(name)' is not a header's name") }
    return field
  }
}
