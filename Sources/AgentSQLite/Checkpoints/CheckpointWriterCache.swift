import AgentGraph
import GRDB
import Synchronization

/// Keeps what the writer knows of the database between its transactions, so that a save on a live thread reads nothing.
///
/// A write takes it and puts it back when all went well: what fails leaves it empty, so that it never says what was
/// not committed.
final class CheckpointWriterCache: Sendable {
  private let contents = Mutex(WriterKnowledge())

  /// Hands out what is known, and knows nothing until it comes back.
  func take() -> WriterKnowledge {
    contents.withLock { contents in
      defer { contents = WriterKnowledge() }
      return contents
    }
  }

  func putBack(_ knowledge: WriterKnowledge) {
    guard knowledge.spaceCount <= WriterKnowledge.spacesMax else { return }
    contents.withLock { $0 = knowledge }
  }

  /// Forgets everything: a transaction was undone.
  func clear() { contents.withLock { $0 = WriterKnowledge() } }
}

/// What the writer knows of the database.
struct WriterKnowledge: Sendable {
  /// With more namespaces than this it starts anew.
  static let spacesMax = 8_192

  var threads: [[UInt8]: KnownThread] = [:]
  var layouts: [CheckpointLayout: Int64] = [:]
  var nextStream: Int64?
  private(set) var spaceCount = 0

  /// A thread that was written lately.
  struct KnownThread: Sendable {
    var id: Int64
    var spaces: [[UInt8]: KnownSpace] = [:]
  }

  /// A namespace that was written lately.
  struct KnownSpace: Sendable {
    var id: Int64
    /// The checkpoint that was saved last: most of the time the parent of the next.
    var tip: CheckpointRow?
    /// Where the next value goes; nil where that was not looked up.
    var nextValue: PayloadID?
  }

  /// What is known of a namespace.
  func space(thread: [UInt8], _ namespace: [UInt8]) -> KnownSpace? { threads[thread]?.spaces[namespace] }

  /// What is known of a namespace, which is made if it is not there. It is taken out, so that changes copy nothing,
  /// and `putBack` ends that.
  mutating func takeSpace(_ db: Database, thread: [UInt8], _ namespace: [UInt8]) throws -> KnownSpace {
    if threads[thread] == nil { threads[thread] = KnownThread(id: try SpaceRows.makeThread(db, thread)) }
    if let known = threads[thread]?.spaces.removeValue(forKey: namespace) { return known }
    let id = try SpaceRows.makeSpace(db, thread: threads[thread]?.id ?? 0, namespace)
    spaceCount += 1
    return KnownSpace(id: id)
  }

  mutating func putBack(_ space: KnownSpace, thread: [UInt8], _ namespace: [UInt8]) {
    threads[thread]?.spaces[namespace] = space
  }

  /// Forgets a thread: rows of it were removed.
  mutating func forget(thread: [UInt8]) {
    if let known = threads.removeValue(forKey: thread) { spaceCount -= known.spaces.count }
  }
}
