/// Where a value stands in a state.
public typealias StatePath<State, Value> = any WritableKeyPath<State, Value> & Sendable

/// A place of the state that nodes may write: its name, the property that holds it, and how writes are combined.
///
/// Made by `last`, `appended`, `reduced`, `messages`, `topic`, `ephemeral` and `untracked`; `Update` is what one write
/// brings, `Value` what the state holds.
public final class StateChannel<State: GraphState, Value: Sendable, Update: Sendable>: AnyStateChannel<State>,
  @unchecked Sendable  // as its base class
{
  let path: StatePath<State, Value>
  let behaviour: ChannelBehaviour<Value, Update>

  init(
    _ name: String, _ path: StatePath<State, Value>, _ behaviour: ChannelBehaviour<Value, Update>
  ) {
    self.path = path
    self.behaviour = behaviour
    super.init(name: name, kind: behaviour.kind)
  }

  override func value(in state: State) -> any Sendable { state[keyPath: path] }

  override func copy(from source: State, to state: inout State) { state[keyPath: path] = source[keyPath: path] }

  override func encode(_ state: State) throws -> [UInt8] { try behaviour.value.encode(state[keyPath: path]) }

  override func decode(_ bytes: [UInt8], into state: inout State) throws {
    state[keyPath: path] = try behaviour.value.decode(bytes)
  }

  override func clear(_ state: inout State) -> Bool { behaviour.clear?(&state[keyPath: path]) ?? false }

  override func count(_ state: State) -> Int? { behaviour.list?.count(state[keyPath: path]) }

  override func encode(_ state: State, elements: Range<Int>) throws -> [UInt8] {
    guard let list = behaviour.list else { return try encode(state) }
    return try list.encode(state[keyPath: path], elements)
  }

  override func append(segment: [UInt8], to state: inout State) throws {
    guard let list = behaviour.list else { return try decode(segment, into: &state) }
    try list.append(segment, &state[keyPath: path])
  }

  override func decodeWrite(_ bytes: [UInt8], overwrites: Bool) throws -> AnyChannelWrite<State> {
    if overwrites { return ChannelOverwrite(self, try behaviour.value.decode(bytes)) }
    return ChannelWrite(self, try behaviour.update.decode(bytes))
  }

  override func overwrite(from state: State) -> AnyChannelWrite<State> { ChannelOverwrite(self, state[keyPath: path]) }

  override func difference(from old: State, to new: State, kept: Int) -> AnyChannelWrite<State> {
    guard let list = behaviour.list, list.count(old[keyPath: path]) == kept else { return overwrite(from: new) }
    return ChannelWrite(self, list.suffix(new[keyPath: path], kept))
  }
}

/// What a channel does with values and updates, apart from where it stands in the state.
struct ChannelBehaviour<Value: Sendable, Update: Sendable>: Sendable {
  var kind: ChannelKind
  var value: ValueCoder<Value>
  var update: ValueCoder<Update>
  /// Folds an update in. Returns how many leading elements of a list stayed as they were; 0 for what is no list.
  var reduce: @Sendable (inout Value, Update) throws -> Int
  var list: ListAccess<Value, Update>?
  var clear: (@Sendable (inout Value) -> Bool)?
  /// Gives what an update brings its ids, before anything is saved, so that a replay keeps them (G6).
  var identify: (@Sendable (inout Update, GraphIDs) -> Void)?
}

/// How the delta storage sees a list (G28).
struct ListAccess<Value, Update>: Sendable {
  var count: @Sendable (Value) -> Int
  var encode: @Sendable (Value, Range<Int>) throws -> [UInt8]
  var append: @Sendable ([UInt8], inout Value) throws -> Void
  var suffix: @Sendable (Value, Int) -> Update
}

/// How values become bytes and come back.
struct ValueCoder<Value>: Sendable {
  var encode: @Sendable (Value) throws -> [UInt8]
  var decode: @Sendable ([UInt8]) throws -> Value
}
