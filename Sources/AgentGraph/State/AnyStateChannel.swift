import Synchronization

/// How a channel combines the writes of a superstep (G5).
public enum ChannelKind: String, Sendable, Hashable {
  /// The value written last; two writes in one superstep are an error.
  case last
  /// A list to which writes are appended.
  case appended
  /// A value that a reducer folds writes into.
  case reduced
  /// Messages, which are appended, replaced or removed by their ids (G6).
  case messages
  /// A list that keeps one superstep's writes alone.
  case topic
  /// A value that is cleared by the first superstep that does not write it.
  case ephemeral
  /// A value that is never checkpointed.
  case untracked
}

// Unchecked, since the compiler does not check classes that have subclasses; all of them hold constants and an atomic.
/// A channel of a state, whatever its value's type. `StateChannel` is its only subclass.
public class AnyStateChannel<State: GraphState>: @unchecked Sendable {
  /// Names the channel in checkpoints, events and errors.
  public let name: String
  /// How writes are combined.
  public let kind: ChannelKind
  private let position = Atomic<Int>(-1)

  init(name: String, kind: ChannelKind) {
    self.name = name
    self.kind = kind
  }

  /// The channel's place in the layout of its state; -1 before a graph over the state was made.
  final var index: Int { position.load(ordering: .relaxed) }

  /// Gives the channel its place. A state has one layout, so a second call gives the same one.
  final func place(at index: Int) { position.store(index, ordering: .relaxed) }

  /// Whether checkpoints hold the channel.
  final var isTracked: Bool { kind != .untracked }
  /// Whether only one task of a superstep may write it.
  final var isSingleWriter: Bool { kind == .last || kind == .ephemeral || kind == .untracked }
  /// Whether its value ends with the superstep that wrote it.
  final var isTransient: Bool { kind == .topic || kind == .ephemeral }

  func value(in state: State) -> any Sendable { preconditionFailure("a subclass has the value") }
  /// Gives the channel in one state the value that it has in another.
  func copy(from source: State, to state: inout State) { preconditionFailure("a subclass copies") }
  func encode(_ state: State) throws -> [UInt8] { preconditionFailure("a subclass encodes") }
  func decode(_ bytes: [UInt8], into state: inout State) throws { preconditionFailure("a subclass decodes") }
  /// Clears a transient channel; returns whether it held something.
  func clear(_ state: inout State) -> Bool { false }
  /// The number of elements of a list channel; nil for others.
  func count(_ state: State) -> Int? { nil }
  /// A range of a list channel's elements, as one segment.
  func encode(_ state: State, elements: Range<Int>) throws -> [UInt8] { preconditionFailure("not a list") }
  /// Appends a segment to a list channel.
  func append(segment: [UInt8], to state: inout State) throws { preconditionFailure("not a list") }
  func decodeWrite(_ bytes: [UInt8], overwrites: Bool) throws -> AnyChannelWrite<State> {
    preconditionFailure("a subclass decodes")
  }
  /// A write that gives this channel the value it has in `state`.
  func overwrite(from state: State) -> AnyChannelWrite<State> { preconditionFailure("a subclass writes") }
  /// A write that makes of `old` what `new` is: the suffix where only that was added.
  func difference(from old: State, to new: State, kept: Int) -> AnyChannelWrite<State> { overwrite(from: new) }
}
