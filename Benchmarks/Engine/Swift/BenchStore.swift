import AgentGraph
import AgentSQLite
import Foundation

/// Where checkpoints of a run go.
enum BenchStore: String {
  case none = ""
  case memory
  case sqlite

  /// Calls `body` with a new checkpointer and closes it; for SQLite its file is in the folder.
  func with<Value>(folder: URL, _ body: ((any Checkpointer)?) async throws -> Value) async throws -> Value {
    switch self {
    case .none: return try await body(nil)
    case .memory: return try await body(InMemoryCheckpointer())
    case .sqlite:
      let store = try await SQLiteCheckpointer.open(path: folder.appending(path: "engine.db").path)
      do {
        let value = try await body(store)
        await store.close()
        return value
      } catch {
        await store.close()
        throw error
      }
    }
  }

  /// Bytes of all files of the folder, which are removed: the next run begins with none.
  static func takeBytes(of folder: URL) throws -> Int {
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.fileSizeKey])
    return try files.reduce(0) { sum, file in
      let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      try FileManager.default.removeItem(at: file)
      return sum + size
    }
  }
}
