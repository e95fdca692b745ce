import HTTPTypes
import NIOCore

/// Where an endpoint writes that decides late between a whole answer and a stream.
struct StreamingAnswer: Sendable {
  private let outlet: ResponseOutlet
  private let api: API
  private let exchange: Exchange
  /// Headers that the answer has besides; asked for when it begins.
  var headers: @Sendable () -> HTTPFields = { [:] }

  init(outlet: ResponseOutlet, api: API, exchange: Exchange) {
    self.outlet = outlet
    self.api = api
    self.exchange = exchange
  }

  /// Whether the stream has begun, so that no status can be sent any more.
  var hasBegun: Bool { outlet.status != nil }

  /// Sends a whole answer.
  func send(_ answer: HTTPAnswer) async throws {
    try await api.send(answer, exchange.head, requestID: exchange.requestID, outlet)
  }

  /// Sends a piece of the stream; the first one with the head of a server-sent event stream (contract §4).
  func write(_ bytes: ByteBuffer) async throws {
    guard !hasBegun else { return try await outlet.write(bytes) }
    var headers: HTTPFields = [
      .contentType: "text/event-stream", .cacheControl: "no-cache", .accelBuffering: "no",
    ]
    for field in self.headers() { headers.append(field) }
    api.decorate(&headers, exchange.head, exchange.requestID)
    try await outlet.begin(HTTPResponse(status: .ok, headerFields: headers), bytes)
  }

  /// Sends the last piece.
  func finish(_ bytes: ByteBuffer) async throws { try await outlet.finish(bytes) }
}
