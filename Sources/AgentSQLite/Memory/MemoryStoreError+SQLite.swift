import AgentGraph
import AgentRuntime
import GRDB

extension MemoryStoreError {
  /// What a failure of the database means for a memory store's caller.
  init(_ error: StoreError) {
    let code: Code =
      switch error.kind {
      case .readOnly: .readOnly
      case .corrupt: .corrupt
      case .unavailable where Self.isDamagedJSON(error.cause): .corrupt
      // The rest is not of the database: the memory store's statements throw nothing of the kind.
      case .unavailable, .exists, .notFound, .conflict: .unavailable
      }
    self.init(code, error.message, cause: error.cause ?? error)
  }

  /// Whether SQLite's JSON functions could not read a stored value.
  private static func isDamagedJSON(_ error: (any Error)?) -> Bool {
    (error as? DatabaseError)?.message?.contains("malformed JSON") ?? false
  }
}
