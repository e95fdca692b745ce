import AsyncHTTPClient
import Logging
import NIOCore
public import NIOPosix

/// Sends HTTP requests over pooled connections; the one place that knows AsyncHTTPClient.
///
/// HTTP/1.1 only: a request that is cancelled closes its connection, which every model server understands. It follows
/// no redirects, takes no proxy from the environment and asks for no compression.
public final class HTTPTransport: Sendable {
  /// What the pool may do.
  public struct Limits: Sendable {
    /// How long a connection may take to be made.
    public var connectTimeout: Duration
    /// How long a connection is kept unused. Model servers close theirs after 5 s: ours must be the first.
    public var idleTimeout: Duration
    /// How many connections to one host an event loop may have.
    public var connectionsMax: Int

    /// Makes limits.
    public init(
      connectTimeout: Duration = .seconds(10), idleTimeout: Duration = .seconds(4), connectionsMax: Int = 2048
    ) {
      self.connectTimeout = connectTimeout
      self.idleTimeout = idleTimeout
      self.connectionsMax = connectionsMax
    }
  }

  /// A client for each event loop, by the loop's identity, so that a request and its task share a thread.
  ///
  /// One client for all loops takes idle connections of any loop, or, bound to one by `.delegateAndChannel`, closes
  /// each connection after its request.
  private let clients: [ObjectIdentifier: HTTPClient]
  let group: MultiThreadedEventLoopGroup
  let configuration: HTTPClient.Configuration

  /// Makes a transport on the group's event loops; `shutdown()` must be called before it is dropped.
  public init(group: MultiThreadedEventLoopGroup, limits: Limits = Limits()) {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      // Only connecting: the client's read timeout moves a timer at each part, and counts a slow reader's time as the
      // server's. `ExchangeStateMachine` has a better one.
      timeout: .init(connect: TimeAmount(limits.connectTimeout), read: nil),
      connectionPool: .init(
        idleTimeout: TimeAmount(limits.idleTimeout), concurrentHTTP1ConnectionsPerHostSoftLimit: limits.connectionsMax)
    )
    configuration.httpVersion = .http1Only
    // Retries are the caller's to decide on: a refused connection is reported at once.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.tracing.tracer = nil
    configuration.http1_1ConnectionDebugInitializer = { channel in
      channel.eventLoop.makeCompletedFuture { try ConnectionHandlers.add(to: channel.pipeline.syncOperations) }
    }
    self.group = group
    clients = Dictionary(
      uniqueKeysWithValues: group.makeIterator().map { eventLoop in
        (ObjectIdentifier(eventLoop), HTTPClient(eventLoopGroup: eventLoop, configuration: configuration))
      })
    self.configuration = configuration
  }

  /// Closes all connections; requests under way fail.
  public func shutdown() async throws {
    var failure: (any Error)?
    for client in clients.values {
      do { try await client.shutdown() } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Asks for a whole answer of at most `request.bodyMax` bytes, whatever its status.
  ///
  /// Throws a `TransportError`, or `CancellationError`.
  public func send(_ request: OutgoingRequest) async throws -> Answer {
    try await exchange(request) { exchange in
      let body = try await exchange.wholeBody(bytesMax: request.bodyMax)
      return Answer(head: try await exchange.head(), body: body)
    }
  }

  /// Hands out an answer as it arrives. What `read` leaves unread is dropped when it returns; when it throws, or the
  /// task is cancelled, the connection is closed.
  ///
  /// While `read` does not ask for bytes, at most 64 KiB and what one read of the socket gives are kept in memory.
  /// Throws a `TransportError`, `CancellationError`, or what `read` throws.
  public func withAnswer<Result>(
    to request: OutgoingRequest, _ read: (AnswerHead, AnswerBody) async throws -> Result
  ) async throws -> Result {
    try await exchange(request) { exchange in
      try await read(try await exchange.head(), AnswerBody(exchange: exchange))
    }
  }

  /// Runs an exchange, once more if the first found its pooled connection closed.
  ///
  /// The server may have closed it in the moment in which the request was sent. That is known only by the lack of any
  /// answer on a connection that had given one before; a server that died on this very request looks the same, hence
  /// one repetition and not more, and that on a connection of its own.
  private func exchange<Result>(
    _ request: OutgoingRequest, _ read: (Exchange) async throws -> Result
  ) async throws -> Result {
    let first = Exchange(timeout: request.timeout)
    do {
      return try await attempt(first, request, on: client, read)
    } catch  where first.metStaleConnection {
      return try await repeated(request, read)
    }
  }

  /// Sends a request by a client of its own: a pool, also an empty one, may hand it what another request has just left,
  /// which a server that hangs up after each answer has closed by then.
  private func repeated<Result>(
    _ request: OutgoingRequest, _ read: (Exchange) async throws -> Result
  ) async throws -> Result {
    let client = HTTPClient(eventLoopGroup: group, configuration: configuration)
    do {
      let result = try await attempt(Exchange(timeout: request.timeout), request, on: client, read)
      try? await client.shutdown()
      return result
    } catch {
      try? await client.shutdown()
      throw error
    }
  }

  /// Runs one exchange; a cancelled task closes its connection.
  func attempt<Result>(
    _ exchange: Exchange, _ request: OutgoingRequest, on client: HTTPClient,
    _ read: (Exchange) async throws -> Result
  ) async throws -> Result {
    try await withTaskCancellationHandler {
      try Task.checkCancellation()
      exchange.start(request.request, on: client)
      do {
        let result = try await read(exchange)
        exchange.leave()
        return result
      } catch {
        exchange.cancel()
        throw error
      }
    } onCancel: {
      exchange.cancel()
    }
  }

  /// The client of the event loop on which the caller runs; of any loop for a caller from outside.
  private var client: HTTPClient {
    if let eventLoop = MultiThreadedEventLoopGroup.currentEventLoop, let client = clients[ObjectIdentifier(eventLoop)] {
      return client
    }
    guard let client = clients[ObjectIdentifier(group.next())] else {
      preconditionFailure("an event loop group hands out its own loops")
    }
    return client
  }
}
