import Synchronization

/// Effects of one graph's tasks: those that were recorded before, and those of the superstep under way (G30).
final class EffectJournal: Sendable {
  private struct Key: Hashable {
    var task: TaskID
    var index: Int
  }
  private let known: Mutex<[Key: EffectRecord]>
  /// Effects of a superstep whose checkpoint waits for the end of the run (G22).
  private let unsaved = Mutex<[EffectRecord]>([])

  init(_ records: [EffectRecord] = []) {
    var known: [Key: EffectRecord] = [:]
    for record in records { known[Key(task: record.task, index: record.index)] = record }
    self.known = Mutex(known)
  }

  /// The recorded result; nil if the effect is still to be done.
  func result<Value: Codable & Sendable>(
    of task: TaskID, _ index: Int, _ name: String, _ type: Value.Type, _ level: GraphLevel
  ) throws -> Value? {
    guard let record = known.withLock({ $0[Key(task: task, index: index)] }) else { return nil }
    guard record.name == name else {
      throw level.unreadable(
        record.checkpoint,
        "Effect \(index) of the task was recorded as \"\(record.name)\", and the node now calls \"\(name)\"")
    }
    do {
      if let value = try record.result.value(type, decode: { try GraphCoder.decode(type, $0) }) { return value }
    } catch {
      throw level.unreadable(record.checkpoint, "Effect \"\(name)\" cannot be read as \(type): \(error)")
    }
    throw level.unreadable(record.checkpoint, "Effect \"\(name)\" was recorded with another type than \(type)")
  }

  /// Records a result; a retry of the task finds it, and after a crash, where checkpoints are saved, a resume.
  func record<Value: Codable & Sendable>(
    _ value: Value, of task: TaskID, _ index: Int, _ name: String, _ level: GraphLevel, _ checkpoint: CheckpointID?
  ) async throws {
    let record = EffectRecord(
      thread: level.scope.thread ?? "", namespace: level.namespace,
      checkpoint: checkpoint ?? CheckpointID(time: 0, origin: 0), task: task, index: index, name: name,
      result: .live(value) { try GraphCoder.encode(value) })
    known.withLock { $0[Key(task: task, index: index)] = record }
    guard checkpoint != nil, let saver = level.saver else { return }
    if saver.waitsForEnd { unsaved.withLock { $0.append(record) } } else { try await saver.save([.effect(record)]) }
  }

  /// What has to be saved with the checkpoint that waited.
  func takeUnsaved() -> [CheckpointWrite] {
    unsaved.withLock { unsaved in
      defer { unsaved = [] }
      return unsaved.map { .effect($0) }
    }
  }

  /// Forgets what no task can ask for any more.
  func clear() {
    known.withLock { known in
      if !known.isEmpty { known.removeAll() }
    }
    unsaved.withLock { unsaved in
      if !unsaved.isEmpty { unsaved.removeAll() }
    }
  }
}
