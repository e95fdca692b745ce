public import AgentJSON

/// What a node returns, and what a run begins with: writes to channels, and where to go next (G10).
///
/// ```swift
/// .write(\.title, "Tea")                        // an update alone
/// .write(\.title, "Tea").goto("approve")        // and a node besides those that edges lead to
/// .nothing                                      // neither
/// ```
public struct Command<State: GraphState>: Sendable {
  /// The writes, in the order in which they are applied.
  public internal(set) var writes: [AnyChannelWrite<State>] = []
  /// Nodes and sends besides those that the node's edges lead to.
  public internal(set) var destinations: Route = []
  /// Answers to open interrupts; of use in the input of a run alone.
  public internal(set) var answers: [InterruptAnswer] = []
  /// Whether the run goes on where the thread stopped; of use in the input of a run alone.
  var goesOn = false
  /// A command for the nearest enclosing graph whose state has the command's type.
  var parent: ParentCommand?

  init() {}

  /// Nothing to write and nowhere to go.
  public static var nothing: Command { Command() }

  /// A write of one channel.
  public static func write<Value, Update>(
    _ channel: KeyPath<State.Channels, StateChannel<State, Value, Update>>, _ update: Update
  ) -> Command {
    Command().write(channel, update)
  }

  /// A write that replaces a channel's value, past its reducer. Two of them in a superstep are an error (G5).
  public static func overwrite<Value, Update>(
    _ channel: KeyPath<State.Channels, StateChannel<State, Value, Update>>, _ value: Value
  ) -> Command {
    Command().overwrite(channel, value)
  }

  /// Goes on at these nodes or sends, besides those that edges lead to.
  public static func goto(_ route: Route) -> Command { Command().goto(route) }

  /// Goes on where the thread stopped, as no input does, but may bring writes with it: what belongs to a run alone has
  /// to be given again.
  public static func resume() -> Command {
    var command = Command()
    command.goesOn = true
    return command
  }

  /// An answer to the one open interrupt of the thread (G31).
  public static func resume(_ answer: JSONValue) -> Command { Command().resume(answer) }

  /// An answer to the interrupt with this id.
  public static func resume(_ answer: JSONValue, to id: InterruptID) -> Command { Command().resume(answer, to: id) }

  /// Ends the graph that the node is in; the command becomes what the node that holds this graph returns. Where that
  /// graph's state is of another type, the command goes on to the next enclosing one.
  public static func parent<Parent: GraphState>(_ command: Command<Parent>) -> Command {
    var own = Command()
    own.parent = ParentCommand(command: command, state: "\(Parent.self)")
    return own
  }

  /// The command with one more write.
  public func write<Value, Update>(
    _ channel: KeyPath<State.Channels, StateChannel<State, Value, Update>>, _ update: Update
  ) -> Command {
    adding(ChannelWrite(State.channels[keyPath: channel], update))
  }

  /// The command with one more overwrite.
  public func overwrite<Value, Update>(
    _ channel: KeyPath<State.Channels, StateChannel<State, Value, Update>>, _ value: Value
  ) -> Command {
    adding(ChannelOverwrite(State.channels[keyPath: channel], value))
  }

  /// The command with more destinations.
  public func goto(_ route: Route) -> Command {
    var command = self
    command.destinations.append(contentsOf: route)
    return command
  }

  /// The command with an answer to the one open interrupt.
  public func resume(_ answer: JSONValue) -> Command {
    var command = self
    command.answers.append(InterruptAnswer(id: nil, value: answer))
    return command
  }

  /// The command with an answer to an interrupt.
  public func resume(_ answer: JSONValue, to id: InterruptID) -> Command {
    var command = self
    command.answers.append(InterruptAnswer(id: id, value: answer))
    return command
  }

  /// Gives messages that have no id one each (G6).
  mutating func identify(with ids: GraphIDs) { writes = writes.map { $0.identified(ids) } }

  func adding(_ write: AnyChannelWrite<State>) -> Command {
    var command = self
    command.writes.append(write)
    return command
  }
}

/// An answer to an interrupt.
public struct InterruptAnswer: Sendable {
  /// Whose; nil where one is open alone.
  public var id: InterruptID?
  /// The answer.
  public var value: JSONValue
}

/// A command on its way to an enclosing graph.
struct ParentCommand: Sendable {
  /// A `Command` of some state.
  let command: any Sendable
  /// That state's type, for errors.
  let state: String
}
