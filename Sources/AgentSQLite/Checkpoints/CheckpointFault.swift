import AgentGraph
import AgentRuntime
import GRDB

/// What the store's errors are for a checkpointer.
enum CheckpointFault {
  /// Names what cannot be read.
  static func unreadable(
    thread: String, _ namespace: GraphNamespace, _ what: String, _ reason: String
  ) -> GraphError {
    GraphError(
      .unreadableCheckpoint,
      "\(what) of thread \"\(thread)\", namespace \"\(namespace)\", cannot be read: \(reason). "
        + "Other threads are not concerned.")
  }

  /// What a write failed with: an error of the engine as it is, all else as the store's.
  static func ofWriting(_ error: StoreError) -> any Error { (error.cause as? GraphError) ?? error }

  /// Does a read. Damage that SQLite itself finds is told as that of the namespace.
  static func reading<T>(
    thread: String, _ namespace: GraphNamespace, _ body: () async throws -> T
  ) async throws -> T {
    do {
      return try await body()
    } catch let error as StoreError {
      if let own = error.cause as? GraphError { throw own }
      guard error.kind == .corrupt else { throw error }
      throw unreadable(thread: thread, namespace, "A checkpoint", error.message)
    }
  }
}
