import AsyncHTTPClient
import NIOCore

/// What a request to one fixed address came to.
public struct PinnedAnswer: Sendable {
  /// Status and headers.
  public let head: AnswerHead
  /// The body's first bytes.
  public let bytes: [UInt8]
  /// Whether the body had more bytes than were asked for.
  public let isCut: Bool
}

extension HTTPTransport {
  /// Sends a request to exactly this IP address, whatever the host of its URL resolves to; the `Host` header, the TLS
  /// server name and the certificate's check stay with the URL's host.
  ///
  /// For whoever must check an address before it is used: a second resolution could give another one. The connection
  /// is not kept. Reads at most `bytesMax` bytes of the body, none if `readsBody` says no.
  /// Throws a `TransportError`, or `CancellationError`.
  public func send(
    _ request: OutgoingRequest, to address: String, bytesMax: Int, readsBody: @Sendable (AnswerHead) -> Bool
  ) async throws -> PinnedAnswer {
    guard (try? SocketAddress(ipAddress: address, port: 0)) != nil else {
      throw TransportError(.invalidRequest, "'\(address)' is not an IP address")
    }
    // A pool of another request might hold a connection to another address: hence a client of its own.
    var pinned = configuration
    let host = request.request.host
    pinned.dnsOverride = [host: address, "[\(host)]": address]
    let client = HTTPClient(eventLoopGroup: group, configuration: pinned)
    do {
      let answer = try await attempt(Exchange(timeout: request.timeout), request, on: client) { exchange in
        let head = try await exchange.head()
        guard readsBody(head) else { return PinnedAnswer(head: head, bytes: [], isCut: false) }
        return try await Self.read(exchange, head, bytesMax)
      }
      try? await client.shutdown()
      return answer
    } catch {
      try? await client.shutdown()
      throw error
    }
  }

  private static func read(_ exchange: Exchange, _ head: AnswerHead, _ bytesMax: Int) async throws -> PinnedAnswer {
    var bytes: [UInt8] = []
    while let part = try await exchange.nextBytes() {
      bytes += part.readableBytesView.prefix(bytesMax - bytes.count + 1)
      if bytes.count > bytesMax {
        bytes.removeLast(bytes.count - bytesMax)
        return PinnedAnswer(head: head, bytes: bytes, isCut: true)
      }
    }
    return PinnedAnswer(head: head, bytes: bytes, isCut: false)
  }
}
