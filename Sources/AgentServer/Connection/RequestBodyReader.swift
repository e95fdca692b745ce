import AgentRuntime
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Reads one request's body, up to a bound.
struct RequestBodyReader {
  let bytesMax: Int
  private var isAtEnd = false

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  /// The whole body. Throws `RuntimeError` 413 without reading the rest.
  mutating func collect(_ head: HTTPRequest, _ parts: inout RequestParts, _ outlet: ResponseOutlet) async throws
    -> ByteBuffer
  {
    if let length = head.headerFields[.contentLength], Int(length) ?? Int.max > bytesMax { throw tooLarge(outlet) }
    if head.headerFields[.expect]?.lowercased() == "100-continue" { try await outlet.sendContinue() }
    var body = ByteBuffer()
    let deadline = ContinuousClock.now + Self.timeout
    while let part = try await next(&parts, outlet) {
      if .now > deadline { throw tooSlow(outlet) }
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

  /// How long a whole body may take; a pause within it is bounded by the connection's idle timeout.
  private static let timeout = Duration.seconds(120)

  /// The next part. What is not HTTP is the client's fault; a connection that ends within a body has nobody to tell.
  private func next(_ parts: inout RequestParts, _ outlet: ResponseOutlet) async throws -> HTTPRequestPart? {
    do {
      return try await parts.next(isolation: #isolation)
    } catch HTTPParserError.invalidEOFState {
      throw CancellationError()
    } catch is HTTPParserError {
      outlet.mustClose = true
      throw RuntimeError(.validation, "The body is not valid HTTP/1.1.", status: 400)
    }
  }

  private func tooSlow(_ outlet: ResponseOutlet) -> RuntimeError {
    outlet.mustClose = true
    return RuntimeError(.timeout, "The body took longer than \(Self.timeout.components.seconds) s.")
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
