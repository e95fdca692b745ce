/// The state that a graph's nodes share: a struct of plain stored properties, with one channel for each of them that
/// may be written.
///
/// Nodes read properties and write through channels alone, so that a write to an unknown channel or of a wrong type
/// does not compile (G7). A property without a channel is a constant of every run.
///
/// ```swift
/// struct Chat: GraphState {
///   var messages = SharedList<String>()
///   var title = ""
///   struct Channels: Sendable {
///     let messages = StateChannel.appended("messages", \Chat.messages)
///     let title = StateChannel.last("title", \Chat.title)
///   }
///   static let channels = Channels()
/// }
/// ```
public protocol GraphState: Sendable {
  /// A struct whose stored properties are the state's channels.
  associatedtype Channels: Sendable
  /// The channels. They must be stored (`static let`): a channel is known by its identity.
  static var channels: Channels { get }
  /// The state before anything was written.
  init()
}
