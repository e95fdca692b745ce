import GRDB
import Logging

/// Keeps the write-ahead log from growing without end.
///
/// SQLite starts the log anew when a checkpoint finds no reader in it; readers that take turns without a gap could
/// put that off for ever. So a log that has grown too long is emptied while readers wait.
struct WriteAheadLog: Sendable {
  let path: String
  let bytesMax: Int
  let pool: DatabasePool
  let logger: Logger

  /// Empties the log if it has grown too long; runs on the writer's thread.
  func bound() {
    guard DatabaseFile.size(path) > bytesMax else { return }
    do {
      _ = try pool.barrierWriteWithoutTransaction { db in try db.checkpoint(.truncate) }
    } catch {
      // Another program reads the file: the next commit tries again.
      logger.debug("checkpoint failed", metadata: ["error": "\(error)"])
    }
  }
}
