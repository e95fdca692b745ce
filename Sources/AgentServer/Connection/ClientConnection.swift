import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

typealias RequestParts = NIOAsyncChannelInboundStream<HTTPRequestPart>.AsyncIterator
typealias ResponseParts = NIOAsyncChannelOutboundWriter<HTTPResponsePart>

/// One client's connection: HTTP/1.1 requests, one after the other. The pipeline is Hummingbird's; the loop is our own,
/// since a stream's status is known only when the model's first token is, and since head and body, or body and end,
/// that are ready together must leave in one write.
struct ClientConnection: ServerChildChannel {
  struct Value: ServerChildChannelValue {
    let http: HTTP1Channel.Value
    let watch: ConnectionWatch
    var channel: any Channel { http.channel }
  }

  private let http: HTTP1Channel
  private let api: API

  init(api: API) {
    self.api = api
    http = HTTP1Channel(
      responder: { _, _, _ in },
      configuration: .init(
        additionalChannelHandlers: [
          StreamKeepAlive(interval: api.configuration.keepAliveInterval),
          StalledClient(limit: api.configuration.idleTimeout),
        ],
        idleTimeout: TimeAmount(api.configuration.idleTimeout)))
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    let watch = ConnectionWatch()
    return channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandler(watch)
    }.flatMap {
      http.setup(channel: channel, logger: logger)
    }.flatMapThrowing { http in
      let pipeline = channel.pipeline.syncOperations
      try pipeline.addHandler(
        OldClients(), position: .before(try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)))
      return Value(http: http, watch: watch)
    }
  }

  func handle(value: Value, logger: Logger) async {
    do {
      try await value.http.executeThenClose { inbound, outbound in
        var parts = inbound.makeAsyncIterator()
        do {
          let client = value.channel.remoteAddress?.ipAddress.map(ClientAddress.caller)
          try await serve(&parts, outbound, value.watch, client)
        } catch let error where !value.watch.isGone && isProtocolFault(error) {
          try await outbound.write(contentsOf: api.protocolFault())
        }
        outbound.finish()
        // What is queued must reach the client before the connection goes; a client that never closes its own side
        // is not waited for longer than an idle one.
        let channel = value.channel
        let limit = channel.eventLoop.scheduleTask(in: TimeAmount(api.configuration.idleTimeout)) {
          channel.close(promise: nil)
        }
        try await withTaskCancellationHandler {
          try await channel.closeFuture.get()
        } onCancel: {
          channel.close(promise: nil)
        }
        limit.cancel()
      }
    } catch {
      // The client is gone or never spoke HTTP: nobody is left to be told.
      logger.trace("connection closed", metadata: ["reason": "\(error)"])
    }
  }

  private func serve(
    _ parts: inout RequestParts, _ outbound: ResponseParts, _ watch: ConnectionWatch, _ client: String?
  ) async throws {
    var next = try await parts.next(isolation: #isolation)
    while case .head(let head)? = next {
      var body = RequestBodyReader(bytesMax: api.configuration.requestBytesMax)
      let outlet = ResponseOutlet(outbound)
      try await api.serve(head, &body, &parts, outlet, watch, client: client)
      let wantsMore = !head.asksToClose && !outlet.mustClose
      guard wantsMore, try await body.skipRest(&parts) else { return }
      next = try await parts.next(isolation: #isolation)
    }
  }

  private func isProtocolFault(_ error: any Error) -> Bool { !(error is CancellationError) && !(error is IOError) }
}

extension HTTPRequest {
  /// Whether the client wants the connection closed after the answer.
  fileprivate var asksToClose: Bool {
    guard let header = headerFields[.connection] else { return false }
    return header.split(separator: ",").contains { $0.trimmingSpaces.lowercased() == "close" }
  }
}

extension TimeAmount {
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }
}
