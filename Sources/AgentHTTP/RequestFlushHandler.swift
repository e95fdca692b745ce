import NIOCore
import NIOHTTP1

/// Sends a request in one write: AsyncHTTPClient flushes its head, its body and its end one by one.
///
/// Each flush is a system call here and a wake-up on the other side.
final class RequestFlushHandler: ChannelOutboundHandler {
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = HTTPClientRequestPart

  private var holdsRequest = false

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) { holdsRequest = false } else { holdsRequest = true }
    context.write(data, promise: promise)
  }

  func flush(context: ChannelHandlerContext) {
    // A body beyond the channel's watermark is paused by its producer until something was flushed.
    if !holdsRequest || !context.channel.isWritable { context.flush() }
  }
}
