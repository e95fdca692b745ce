/// A turn with tools that has not ended: what is needed to go on with it after a crash, or when its calls are approved.
struct PendingTurn: Sendable, Hashable, Codable {
  /// The request's messages, system ones included.
  var messages: [Message]
  /// Who asked, where the request named a user: a thread's first turn is not stored while it waits.
  var userID: String?
  /// The names of the caller's own tools: the request that goes on with the turn need not bring them again.
  var callerTools: [String]?

  init(_ call: ChatCall) {
    messages = call.messages
    userID = call.userID
    let names = call.toolNames
    callerTools = names.isEmpty ? nil : names
  }
}
