import AgentRuntime
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Reads one request's body, up to a bound.
struct RequestBodyReader {
  let bytesMax: Int
  private var isAtEnd = false

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  /// The whole body. Throws `RuntimeError` 413 without reading the rest.
  mutating func collect(_ head: HTTPRequest, _ parts: inout RequestParts, _ outlet: ResponseOutlet) async throws -> ByteBuffer {
    if let length = head.headerFields[.contentLength].flatMap({ Int($0) }), length > bytesMax { throw tooLarge(outlet) }
    if head.headerFields[.expect]?.lowercased() == "100-continue" { try await outlet.sendContinue() }
    var body = ByteBuffer()
    while let part = try await parts.next(isolation: #isolation) {
      switch part {
      case .body(let piece):
        if body.readableBytes + piece.readableBytes > bytesMax { throw tooLarge(outlet) }
        if body.readableBytes == 0 { body = piece } else { body.writeImmutableBuffer(piece) }
      case .end:
        isAtEnd = true
        return body
      case .head:
        throw RuntimeError(.validation, "A request began before the body of the last one had ended.", status: 400)
      }
    }
    throw CancellationError()  // The client left in the middle of its request.
  }

  private func tooLarge(_ outlet: ResponseOutlet) -> RuntimeError {
    outlet.mustClose = true
    return RuntimeError(
      .payloadTooLarge, "The body is larger than MAX_REQUEST_BYTES (\(bytesMax) bytes).", shouldRetry: false)
  }

  /// Passes over what the answer did not need. Returns whether the connection can go on.
  mutating func skipRest(_ parts: inout RequestParts) async throws -> Bool {
    var skipped = 0
    while !isAtEnd {
      switch try await parts.next(isolation: #isolation) {
      case .body(let piece):
        skipped += piece.readableBytes
        if skipped > bytesMax { return false }
      case .end: isAtEnd = true
      case .head, nil: return false
      }
    }
    return true
  }
}
