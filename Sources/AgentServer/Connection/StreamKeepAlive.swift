import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Writes a comment into a server-sent event stream after each stretch of silence, so that proxies do not take the
/// connection for dead (contract §4). It sits in the pipeline, where it knows what was written last and when a
/// stream ends. One timer a connection, left running from stream to stream.
final class StreamKeepAlive: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let interval: TimeAmount
  private var isStreaming = false
  private var lastWrite = NIODeadline.distantPast
  private var timer: Scheduled<Void>?

  init(interval: Duration) { self.interval = TimeAmount(interval) }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head): isStreaming = head.headerFields[.contentType] == "text/event-stream"
    case .body: break
    case .end: isStreaming = false
    }
    if isStreaming {
      lastWrite = context.eventLoop.now
      if timer == nil { schedule(context, in: interval) }
    }
    context.write(data, promise: promise)
  }

  private func schedule(_ context: ChannelHandlerContext, in delay: TimeAmount) {
    let loop = context.eventLoop.assumeIsolated()
    timer = loop.scheduleTask(in: delay) { self.check(context) }
  }

  private func check(_ context: ChannelHandlerContext) {
    timer = nil
    guard isStreaming else { return }
    let silence = context.eventLoop.now - lastWrite
    guard silence >= interval else { return schedule(context, in: interval - silence) }
    lastWrite = context.eventLoop.now
    // A client that does not read needs no more to read.
    guard context.channel.isWritable else { return schedule(context, in: interval) }
    context.writeAndFlush(wrapOutboundOut(.body(ByteBuffer(string: ": keep-alive\n\n"))), promise: nil)
    schedule(context, in: interval)
  }

  func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }
}

@available(*, unavailable)
extension StreamKeepAlive: Sendable {}
