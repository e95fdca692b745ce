extension StateChannel where Update == Value, Value: Codable {
  /// Holds what was written last. Two writes in one superstep are an error that names both nodes (G5).
  public static func last(_ name: String, _ path: StatePath<State, Value>) -> StateChannel {
    StateChannel(name, path, .replacing(.last, .codable))
  }
}

extension StateChannel where Value: Codable, Update: Codable {
  /// Folds every write into the value, in the order of tasks (G3): `.reduced("total", \.total, +=)`.
  public static func reduced(
    _ name: String, _ path: StatePath<State, Value>,
    _ reduce: @escaping @Sendable (inout Value, Update) throws -> Void
  ) -> StateChannel {
    StateChannel(
      name, path,
      ChannelBehaviour(
        kind: .reduced, value: .codable, update: .codable,
        reduce: { value, update in
          try reduce(&value, update)
          return 0
        }))
  }
}

extension StateChannel where Update == Value {
  /// Holds what was written last, and is never checkpointed: for what lives as long as a run, such as a client or
  /// the place that an answer streams to. After a resume it has its initial value, unless the resume writes it.
  public static func untracked(_ name: String, _ path: StatePath<State, Value>) -> StateChannel {
    StateChannel(name, path, .replacing(.untracked, .none(name)))
  }
}

extension StateChannel {
  /// A list that writes are appended to. What is stored of it is what was appended (G28).
  @inlinable
  public static func appended<Element: Codable & Sendable>(
    _ name: String, _ path: StatePath<State, SharedList<Element>>
  ) -> StateChannel where Value == SharedList<Element>, Update == [Element] {
    appending(.appended, name, path) { list, elements in list.append(contentsOf: elements) }
  }

  /// A list of what the last superstep wrote; the next one clears it.
  @inlinable
  public static func topic<Element: Codable & Sendable>(
    _ name: String, _ path: StatePath<State, SharedList<Element>>
  ) -> StateChannel where Value == SharedList<Element>, Update == [Element] {
    appending(.topic, name, path) { list, elements in list.append(contentsOf: elements) }
  }

  /// `append` is compiled where the elements' type is known: without that it looks up types at every step.
  @usableFromInline
  static func appending<Element: Codable & Sendable>(
    _ kind: ChannelKind, _ name: String, _ path: StatePath<State, SharedList<Element>>,
    _ append: @escaping @Sendable (inout SharedList<Element>, [Element]) -> Void
  ) -> StateChannel where Value == SharedList<Element>, Update == [Element] {
    var behaviour = ChannelBehaviour.appending(kind, append)
    if kind == .topic {
      behaviour.clear = { list in
        if list.isEmpty { return false }
        list.removeAll()
        return true
      }
    }
    return StateChannel(name, path, behaviour)
  }

  /// A value for the next superstep alone: one that does not write it clears it.
  public static func ephemeral<Wrapped: Codable & Sendable>(
    _ name: String, _ path: StatePath<State, Wrapped?>
  ) -> StateChannel where Value == Wrapped?, Update == Wrapped? {
    var behaviour = ChannelBehaviour<Wrapped?, Wrapped?>.replacing(.ephemeral, .codable)
    behaviour.clear = { value in
      defer { value = nil }
      return value != nil
    }
    return StateChannel(name, path, behaviour)
  }
}

extension StateChannel {
  /// Messages: put, replaced and removed by their ids (G6). Those without an id get one before anything is stored.
  @inlinable
  public static func messages<Message: IdentifiedMessage & Codable>(
    _ name: String, _ path: StatePath<State, MessageList<Message>>
  ) -> StateChannel where Value == MessageList<Message>, Update == [MessageOperation<Message>] {
    messages(name, path) { list, operations in try list.apply(operations) }
  }

  /// `apply` is compiled where the messages' type is known, as for `appending`.
  @usableFromInline
  static func messages<Message: IdentifiedMessage & Codable>(
    _ name: String, _ path: StatePath<State, MessageList<Message>>,
    _ apply: @escaping @Sendable (inout MessageList<Message>, [MessageOperation<Message>]) throws -> Int
  ) -> StateChannel where Value == MessageList<Message>, Update == [MessageOperation<Message>] {
    var behaviour = ChannelBehaviour(
      kind: .messages, value: ValueCoder<MessageList<Message>>.codable,
      update: ValueCoder<[MessageOperation<Message>]>.codable, reduce: apply)
    behaviour.list = ListAccess(
      count: { $0.count },
      encode: { list, range in try GraphCoder.encode(Array(list.messages[range])) },
      append: { segment, list in list.put(contentsOf: try GraphCoder.decode([Message].self, segment)) },
      suffix: { list, index in list.messages.suffix(from: index).map { .put($0) } })
    behaviour.identify = { operations, ids in operations.assignMissingIDs(ids.nextMessage) }
    return StateChannel(name, path, behaviour)
  }
}

extension ChannelBehaviour where Update == Value {
  static func replacing(_ kind: ChannelKind, _ coder: ValueCoder<Value>) -> ChannelBehaviour {
    ChannelBehaviour(kind: kind, value: coder, update: coder) { value, update in
      value = update
      return 0
    }
  }
}

extension ChannelBehaviour {
  static func appending<Element: Codable & Sendable>(
    _ kind: ChannelKind, _ append: @escaping @Sendable (inout SharedList<Element>, [Element]) -> Void
  ) -> ChannelBehaviour where Value == SharedList<Element>, Update == [Element] {
    var behaviour = ChannelBehaviour(
      kind: kind, value: ValueCoder<SharedList<Element>>.codable, update: ValueCoder<[Element]>.codable
    ) { list, elements in
      let kept = list.count
      append(&list, elements)
      return kept
    }
    behaviour.list = ListAccess(
      count: { $0.count },
      encode: { list, range in try GraphCoder.encode(Array(list[range])) },
      append: { segment, list in list.append(contentsOf: try GraphCoder.decode([Element].self, segment)) },
      suffix: { list, index in Array(list.suffix(from: index)) })
    return behaviour
  }
}

extension ValueCoder where Value: Codable & SendableMetatype {
  /// By the value's own Codable.
  static var codable: ValueCoder {
    ValueCoder(encode: { try GraphCoder.encode($0) }, decode: { try GraphCoder.decode(Value.self, $0) })
  }
}

extension ValueCoder {
  /// For what is never stored; nothing reaches it while channels are asked `isTracked` first.
  static func none(_ name: String) -> ValueCoder {
    ValueCoder(
      encode: { _ in throw GraphError(.notStored, "Channel \"\(name)\" is untracked: it has no stored form.") },
      decode: { _ in throw GraphError(.notStored, "Channel \"\(name)\" is untracked: it has no stored form.") })
  }
}
