import NIOCore
import NIOHTTP1

/// What stands in the pipeline of each connection besides AsyncHTTPClient's own handlers.
enum ConnectionHandlers {
  static func add(to pipeline: ChannelPipeline.SynchronousOperations) throws {
    try pipeline.addHandler(
      RequestFlushHandler(), position: .after(try pipeline.handler(type: HTTPRequestEncoder.self)))
    let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
    try pipeline.addHandler(StatusCheckHandler(), position: .after(decoder))
    try pipeline.addHandler(ReuseHandler(), position: .after(decoder))
  }
}

/// Ends the connection on a status that HTTP does not know: AsyncHTTPClient takes one below 100 for an interim answer,
/// waits for the real one, and ends the process on the body that follows.
final class StatusCheckHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias InboundOut = HTTPClientResponsePart

  private var isBroken = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isBroken { return }
    if case .head(let head) = unwrapInboundIn(data), !(100...999).contains(head.status.code) {
      isBroken = true
      context.fireErrorCaught(HTTPParserError.invalidStatus)
      context.close(promise: nil)
      return
    }
    context.fireChannelRead(data)
  }
}
