public import NIOCore
import NIOHTTP1

/// Status and headers of an answer.
public struct AnswerHead: Sendable {
  /// The HTTP status.
  public let status: Int
  private let headers: HTTPHeaders

  init(_ head: HTTPResponseHead) {
    status = Int(head.status.code)
    headers = head.headers
  }

  /// The first header of that name, whatever its case; nil if there is none.
  public func header(_ name: String) -> String? { headers.first(name: name) }

  /// Whether the status is one of 200 through 299.
  public var isSuccess: Bool { (200..<300).contains(status) }
}

/// A whole answer.
public struct Answer: Sendable {
  /// Status and headers.
  public let head: AnswerHead
  /// The body's bytes.
  public let body: ByteBuffer
}

/// The body of an answer that is still arriving; for use inside `HTTPTransport.withAnswer` only, by one task.
public struct AnswerBody: Sendable {
  let exchange: Exchange

  /// All bytes that have arrived and were not taken yet, or the next ones; nil at the body's end.
  ///
  /// Throws a `TransportError`, or `CancellationError`.
  public func next() async throws -> ByteBuffer? { try await exchange.nextBytes() }

  /// The rest of the body. Throws a `TransportError` (`.bodyTooLarge`) beyond so many bytes, or `CancellationError`.
  public func collect(bytesMax: Int) async throws -> ByteBuffer { try await exchange.wholeBody(bytesMax: bytesMax) }
}
