import AgentRuntime
import NIOCore
import Synchronization

/// Ends the work for a client that has gone. One is in each connection's pipeline, with one slot for the request being
/// served; the server's own loop does not read while it answers, and would not learn of it.
final class ConnectionWatch: ChannelInboundHandler, Sendable {
  typealias InboundIn = NIOAny

  private struct State {
    var isGone = false
    var handle: RunHandle?
  }

  private let state = Mutex(State())

  /// Puts the run into the slot; cancels it at once if the client is gone already.
  func attach(_ handle: RunHandle) {
    let isGone = state.withLock { state in
      state.handle = handle
      return state.isGone
    }
    if isGone { handle.cancel(.disconnected) }
  }

  func detach() { state.withLock { $0.handle = nil } }

  var isGone: Bool { state.withLock { $0.isGone } }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed, leave() {
      // Whoever is being answered has closed: the rest of the answer has no reader.
      context.close(promise: nil)
    }
    context.fireUserInboundEventTriggered(event)
  }

  /// Returns whether a run was under way.
  @discardableResult
  private func leave() -> Bool {
    let handle = state.withLock { state in
      state.isGone = true
      return state.handle
    }
    handle?.cancel(.disconnected)
    return handle != nil
  }
}
