import AgentGraph
import GRDB

/// Writes checkpoints and what belongs to them, on the writer's connection and within one transaction.
///
/// Channels are encoded here, on the writer's thread: the run goes on meanwhile, and nothing is encoded that is not
/// stored. No lock is held then.
struct CheckpointSaving {
  /// A value of at most so many bytes stands in the checkpoint's own row: hardly more than a reference.
  static let inlineBytesMax = 32
  /// A plan of at most so many bytes stands in the checkpoint's own row.
  static let inlinePlanBytesMax = 512

  let db: Database
  var knowledge: WriterKnowledge
  /// The bytes that were stored.
  var bytes = 0

  init(_ db: Database, _ knowledge: WriterKnowledge) {
    self.db = db
    self.knowledge = knowledge
  }

  mutating func save(_ write: CheckpointWrite) throws {
    switch write {
    case .checkpoint(let record):
      let (thread, namespace) = (Array(record.thread.utf8), Array(record.namespace.rawValue.utf8))
      var space = try knowledge.takeSpace(db, thread: thread, namespace)
      try save(record, in: &space)
      knowledge.putBack(space, thread: thread, namespace)
    case .pending(let record):
      try save(try TaskRecordRow(record), thread: record.thread, record.namespace, record.checkpoint)
    case .effect(let record):
      try save(try TaskRecordRow(record), thread: record.thread, record.namespace, record.checkpoint)
    }
  }

  /// What a task of a removed checkpoint came to is of no use to anybody, and is left out.
  private mutating func save(
    _ row: TaskRecordRow, thread: String, _ namespace: GraphNamespace, _ checkpoint: CheckpointID
  ) throws {
    let space: Int64
    if let known = knowledge.space(thread: Array(thread.utf8), Array(namespace.rawValue.utf8)),
      known.tip?.id == checkpoint
    {
      space = known.id
    } else if let stored = try SpaceRows.space(db, thread: thread, namespace),
      try CheckpointRow.exists(db, space: stored, checkpoint)
    {
      space = stored
    } else {
      return
    }
    bytes += try row.insert(db, space: space, checkpoint)
  }

  private mutating func save(_ record: CheckpointRecord, in space: inout WriterKnowledge.KnownSpace) throws {
    let channels = record.state.channels
    let layout = try number(of: CheckpointLayout(graph: record.metadata.graph, channels: channels))
    let parent = try parentReferences(of: record, channels, layout: layout, in: space)
    var kept = [Int?](repeating: nil, count: channels.count)
    for change in record.changes where kept.indices.contains(change.channel) { kept[change.channel] = change.kept }
    var references: [ChannelReference] = []
    references.reserveCapacity(channels.count)
    for (index, channel) in channels.enumerated() {
      do {
        references.append(
          channel.isList
            ? try list(index, of: record.state, kept: kept[index], parent: parent?[index], in: space)
            : try value(index, of: record.state, isChanged: kept[index] != nil, parent: parent?[index], in: &space))
      } catch let error where !(error is DatabaseError) {
        throw GraphError(.notStored, "Channel \"\(channel.name)\" of a checkpoint cannot be stored: \(error)")
      }
    }
    let plan = record.plan.isBlank ? [] : try record.plan.encoded()
    let row = CheckpointRow(
      space: space.id, record: record, layout: layout, references: references,
      plan: try store(plan, inlineMax: Self.inlinePlanBytesMax, in: &space))
    bytes += try row.insert(db)
    space.tip = row
  }

  /// The number of a layout, which is stored if it is new.
  private mutating func number(of layout: CheckpointLayout) throws -> Int64 {
    if let known = knowledge.layouts[layout] { return known }
    let made = try SpaceRows.makeLayout(db, layout)
    knowledge.layouts[layout] = made
    return made
  }

  /// Where the parent has each of the channels. Nil without a parent: also where it was removed meanwhile or cannot
  /// be read, since the state at hand is whole.
  private func parentReferences(
    of record: CheckpointRecord, _ channels: [ChannelImage], layout: Int64, in space: WriterKnowledge.KnownSpace
  ) throws -> [ChannelReference?]? {
    guard let parent = record.parent else { return nil }
    do {
      let known = space.tip?.id == parent ? space.tip : try CheckpointRow.fetchOne(db, space: space.id, parent)
      guard let row = known else { return nil }
      if row.layout == layout, row.references.count == channels.count { return row.references }
      let names = try SpaceRows.layout(db, row.layout).channels
      let byName = Dictionary(zip(names, row.references), uniquingKeysWith: { first, _ in first })
      return channels.map { byName[$0] }
    } catch is DamagedRow {
      return nil
    }
  }

  private mutating func value(
    _ channel: Int, of state: any StateImage, isChanged: Bool, parent: ChannelReference?,
    in space: inout WriterKnowledge.KnownSpace
  ) throws -> ChannelReference {
    if !isChanged, let parent { return parent }
    return try store(try state.encode(channel: channel), inlineMax: Self.inlineBytesMax, in: &space)
  }

  /// Stores bytes in a row of their own unless they are few.
  private mutating func store(
    _ content: [UInt8], inlineMax: Int, in space: inout WriterKnowledge.KnownSpace
  ) throws -> ChannelReference {
    guard content.count > inlineMax else { return .inline(content) }
    let id = try space.nextValue ?? valuesEnd(of: space)
    let place = try id ?? PayloadID(stream: makeStream(space: space.id, holdsValues: true), place: 0)
    guard try PayloadRows.insert(db, place, count: 1, content) else {
      throw DamagedRow(reason: "the place for a value is taken")
    }
    bytes += content.count
    space.nextValue = place.next
    return .payload(place)
  }

  /// The place after the values of a namespace; nil if they need a new stream.
  private func valuesEnd(of space: WriterKnowledge.KnownSpace) throws -> PayloadID? {
    let stream = try Int64.fetchOne(
      try db.cachedStatement(
        sql: "SELECT id FROM checkpoint_streams WHERE space = ? AND holds_values ORDER BY id DESC LIMIT 1"),
      arguments: [space.id])
    guard let stream else { return nil }
    guard let last = try PayloadRows.last(db, stream: stream) else { return PayloadID(stream: stream, place: 0) }
    return last.next
  }

  /// A new stream for a namespace.
  mutating func makeStream(space: Int64, holdsValues: Bool) throws -> Int64 {
    let next =
      try knowledge.nextStream ?? (try Int64.fetchOne(db, sql: "SELECT max(id) FROM checkpoint_streams") ?? 0) + 1
    try db.cachedStatement(sql: "INSERT INTO checkpoint_streams (id, space, holds_values) VALUES (?, ?, ?)").execute(
      arguments: [next, space, holdsValues])
    knowledge.nextStream = next + 1
    return next
  }
}

extension CheckpointPlan {
  /// Whether there is nothing to store of it.
  fileprivate var isBlank: Bool { tasks.isEmpty && barriers.isEmpty && deferred.isEmpty }
}
