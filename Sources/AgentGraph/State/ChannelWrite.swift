// Unchecked, since the compiler does not check classes that have subclasses; all of them hold constants.
/// One write to a channel, whatever its type; made by `Command.write` and `Command.overwrite`.
public class AnyChannelWrite<State: GraphState>: @unchecked Sendable {
  /// The channel that is written.
  public let channel: AnyStateChannel<State>
  /// Whether it replaces the value, past the channel's reducer.
  public let overwrites: Bool

  init(_ channel: AnyStateChannel<State>, overwrites: Bool) {
    self.channel = channel
    self.overwrites = overwrites
  }

  /// What is written: an update, or the whole value where it overwrites.
  public var value: any Sendable { preconditionFailure("a subclass has the value") }

  /// Writes. Returns how many leading elements of a list stayed as they were.
  func apply(to state: inout State) throws -> Int { preconditionFailure("a subclass writes") }
  func encoded() throws -> [UInt8] { preconditionFailure("a subclass encodes") }
  /// The write with ids given to what has none (G6).
  func identified(_ ids: GraphIDs) -> AnyChannelWrite<State> { self }
}

/// An update that goes through the channel's reducer.
final class ChannelWrite<State: GraphState, Value: Sendable, Update: Sendable>: AnyChannelWrite<State>,
  @unchecked Sendable  // as its base class
{
  private let target: StateChannel<State, Value, Update>
  private let update: Update

  init(_ target: StateChannel<State, Value, Update>, _ update: Update) {
    self.target = target
    self.update = update
    super.init(target, overwrites: false)
  }

  override var value: any Sendable { update }

  override func apply(to state: inout State) throws -> Int {
    try target.behaviour.reduce(&state[keyPath: target.path], update)
  }

  override func encoded() throws -> [UInt8] { try target.behaviour.update.encode(update) }

  override func identified(_ ids: GraphIDs) -> AnyChannelWrite<State> {
    guard let identify = target.behaviour.identify else { return self }
    var update = update
    identify(&update, ids)
    return ChannelWrite(target, update)
  }
}

/// A value that replaces what the channel holds.
final class ChannelOverwrite<State: GraphState, Value: Sendable, Update: Sendable>: AnyChannelWrite<State>,
  @unchecked Sendable  // as its base class
{
  private let target: StateChannel<State, Value, Update>
  private let replacement: Value

  init(_ target: StateChannel<State, Value, Update>, _ replacement: Value) {
    self.target = target
    self.replacement = replacement
    super.init(target, overwrites: true)
  }

  override var value: any Sendable { replacement }

  override func apply(to state: inout State) throws -> Int {
    state[keyPath: target.path] = replacement
    return 0
  }

  override func encoded() throws -> [UInt8] { try target.behaviour.value.encode(replacement) }
}
