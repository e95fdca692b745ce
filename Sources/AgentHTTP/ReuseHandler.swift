import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Tells failures of a connection that has served a request before from those of a fresh one.
///
/// A server may close a kept connection in the moment in which the next request is sent. That request is repeated
/// without a word; one that died on a fresh connection is a failed attempt, for the caller to count.
final class ReuseHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias InboundOut = HTTPClientResponsePart

  private var isUsed = false
  private var isInAnswer = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head: isInAnswer = true
    case .body: break
    case .end:
      isInAnswer = false
      isUsed = true
    }
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.fireErrorCaught(isUsed && !isInAnswer ? ReusedConnectionError(cause: error) : error)
  }

  func channelInactive(context: ChannelHandlerContext) {
    if isUsed, !isInAnswer {
      context.fireErrorCaught(ReusedConnectionError(cause: HTTPClientError.remoteConnectionClosed))
    }
    context.fireChannelInactive()
  }
}

/// A connection failed that had served a request before, and had not begun to answer this one.
struct ReusedConnectionError: Error {
  /// What it failed with.
  var cause: any Error
}
