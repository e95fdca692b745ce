import AgentRuntime
import FoundationEssentials
import GRDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The checks that a database file passes before anything is written to it.
enum DatabaseFile {
  /// Makes the path absolute and free of links, so that one file has one lock, and makes missing folders.
  /// Throws `StoreError.unavailable` where there can be no database at that path.
  static func prepare(path: String) throws -> String {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw StoreError(.unavailable, "The path of the database is empty or holds a NUL.")
    }
    let resolved = URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath().path
    let folder = URL(filePath: resolved).deletingLastPathComponent().path
    do {
      // Conversations are nobody else's: what is made here is for its owner alone.
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw StoreError(.unavailable, "The folder \(folder) of the database cannot be made.", cause: error)
    }
    try checkIsFile(resolved)
    return resolved
  }

  private static func checkIsFile(_ path: String) throws {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StoreError(
        .unavailable, "The database \(path) cannot be opened for reading and writing: \(SystemFault.text(errno)).")
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw StoreError(.unavailable, "The database \(path) is not a regular file.")
    }
  }

  /// The bytes of the file; 0 where there is none.
  static func size(_ path: String) -> Int {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Throws `StoreError` unless the file is empty or holds a database that this version can serve.
  /// Looks through a read-only connection, so that a database that is refused stays as it was, byte for byte.
  static func checkCanServe(_ path: String) throws {
    guard size(path) > 0 else { return }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    let connection = try DatabaseQueue(path: path, configuration: configuration)
    try connection.read { db in
      guard try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0 > 0 else { return }
      guard try Int.fetchOne(db, sql: "PRAGMA application_id") == StoreSchema.applicationID else {
        throw StoreError(
          .unavailable, "The file \(path) is a SQLite database of another program. Give Apus a file of its own.")
      }
      guard try StoreSchema.migrator.hasBeenSuperseded(db) else { return }
      let writer = try String.fetchOne(db, sql: "SELECT writer_version FROM store") ?? "unknown"
      throw StoreError(
        .corrupt,
        "The database \(path) was written by a newer Apus (\(writer)) with schema "
          + "\(try StoreSchema.newestApplied(db)); this one knows schemas up to \(StoreSchema.version). "
          + "Start that version or a later one, or restore a copy made before the upgrade. Nothing was changed.")
    }
    try connection.close()
  }
}
