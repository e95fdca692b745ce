import AsyncHTTPClient
public import NIOCore
import NIOHTTP1

/// A request to a fixed URL: made once with what never changes, then copied for each call.
///
/// Parsing a URL costs as much as sending a small request; a copy costs nothing.
public struct OutgoingRequest: Sendable {
  /// The HTTP methods in use.
  public enum Method: Sendable {
    case get, head, post, delete
  }

  /// How long to wait for the first byte, connecting included, and then between bytes.
  public var timeout: Duration
  /// How many bytes of a body `HTTPTransport.send` reads at most.
  public var bodyMax: Int
  var request: HTTPClient.Request

  /// Throws a `TransportError` (`.invalidRequest`) if the URL is not one of HTTP or a header holds control characters.
  public init(
    _ method: Method, url: String, headers: [(name: String, value: String)] = [], timeout: Duration = .seconds(60),
    bodyMax: Int = 64 << 20
  ) throws {
    do {
      request = try HTTPClient.Request(url: url, method: method.wire)
    } catch {
      throw TransportError(.invalidRequest, "\(url) is not a URL of the form http://host[:port]/path", cause: error)
    }
    self.timeout = timeout
    self.bodyMax = bodyMax
    for (name, value) in headers { try addHeader(name, value) }
  }

  /// Adds a header. Throws a `TransportError` (`.invalidRequest`) if the value holds control characters.
  public mutating func addHeader(_ name: String, _ value: String) throws {
    // Neither NIO's encoder nor AsyncHTTPClient look at values: a line break would smuggle in another request.
    guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
      throw TransportError(.invalidRequest, "the value of the header \(name) holds control characters")
    }
    request.headers.add(name: name, value: value)
  }

  /// Sets the body, which is sent with its length.
  public mutating func setBody(_ bytes: ByteBuffer) { request.body = .byteBuffer(bytes) }
}

extension OutgoingRequest.Method {
  fileprivate var wire: HTTPMethod {
    switch self {
    case .get: .GET
    case .head: .HEAD
    case .post: .POST
    case .delete: .DELETE
    }
  }
}
