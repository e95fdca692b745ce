import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Why an HTTP exchange gave no whole answer.
public struct TransportError: Error, CustomStringConvertible {
  /// The stable kind of a failure.
  public enum Kind: String, Sendable, Hashable {
    /// The URL or a header cannot be sent.
    case invalidRequest = "http_invalid_request"
    /// No connection could be made.
    case connection = "http_connection_failed"
    /// The other side closed the connection before a byte of an answer.
    case closedBeforeAnswer = "http_closed_before_answer"
    /// The connection was lost inside the answer.
    case closedInAnswer = "http_closed_in_answer"
    /// No byte came within the request's timeout.
    case timeout = "http_timeout"
    /// The answer is not HTTP.
    case invalidAnswer = "http_invalid_answer"
    /// The body is larger than allowed.
    case bodyTooLarge = "http_body_too_large"
  }

  /// The kind.
  public let kind: Kind
  /// What happened.
  public let message: String
  /// The underlying error, for the log.
  public let cause: (any Error)?
  /// Whether the request may be sent again without counting: it met a pooled connection that was closed already.
  let metStaleConnection: Bool

  init(_ kind: Kind, _ message: String, cause: (any Error)? = nil, metStaleConnection: Bool = false) {
    self.kind = kind
    self.message = message
    self.cause = cause
    self.metStaleConnection = metStaleConnection
  }

  /// `kind: message`, with the cause.
  public var description: String {
    guard let cause else { return "\(kind.rawValue): \(message)" }
    return "\(kind.rawValue): \(message) (\(cause))"
  }
}

extension TransportError {
  /// Says what an error of the client means at this point of the exchange.
  init(_ error: any Error, wasSent: Bool, hasHead: Bool) {
    let reused = error as? ReusedConnectionError
    let error = reused?.cause ?? error
    if let error = error as? HTTPParserError, error != .invalidEOFState {
      self.init(.invalidAnswer, "what came is not an HTTP answer", cause: error)
    } else if hasHead || error is HTTPParserError {
      self.init(.closedInAnswer, "the connection was lost inside the answer", cause: error)
    } else if Self.isClosedByPeer(error) {
      self.init(
        .closedBeforeAnswer, "the connection was closed before a byte of an answer", cause: error,
        metStaleConnection: reused != nil || !wasSent)
    } else if wasSent {
      self.init(.connection, "the connection failed before an answer", cause: error)
    } else {
      self.init(.connection, "no connection: \(Self.reason(error))", cause: error)
    }
  }

  private static func isClosedByPeer(_ error: any Error) -> Bool {
    switch error {
    case let error as HTTPClientError: error == .remoteConnectionClosed
    // Such as the 408 that some servers send on an idle connection before they close it.
    case let error as NIOHTTPDecoderError: error == .unsolicitedResponse
    case let error as ChannelError: error == .ioOnClosedChannel || error == .eof
    case let error as IOError: error.errnoCode == ECONNRESET || error.errnoCode == EPIPE
    default: false
    }
  }

  /// The innermost cause of a failed connect: NIO wraps it once for each address that it tried.
  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError:
      if let single = error.connectionErrors.first { return "\(single.error)" }
      return "the host \(error.host) has no address"
    case let error as HTTPClientError where error == .connectTimeout: return "the connect timeout passed"
    default: return "\(error)"
    }
  }
}
