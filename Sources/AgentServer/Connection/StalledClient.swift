import NIOCore

/// Closes the connection of a client that takes nothing for too long: what waits for it would be held for ever.
final class StalledClient: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny

  private let limit: TimeAmount
  private var timer: Scheduled<Void>?

  init(limit: Duration) { self.limit = TimeAmount(limit) }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    if !context.channel.isWritable {
      let channel = context.channel
      timer = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
    }
    context.fireChannelWritabilityChanged()
  }

  func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }
}

@available(*, unavailable)
extension StalledClient: Sendable {}
