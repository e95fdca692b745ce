import AgentRuntime
import AgentSQLite
import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Whether the database can be opened and written, and has room to grow.
struct DatabaseCheck: Sendable {
  private static let freeMin = 1 << 30
  private static let otherPath = "or set DATABASE_URL to another file"

  let settings: Settings
  /// A runtime serves the port: it may be the one that has the file open.
  let isServed: Bool

  func run() async -> Finding {
    let path = settings.databasePath
    guard FileManager.default.fileExists(atPath: path) else { return missing(path) }
    do {
      let store = try await SQLiteStore.open(path: path, synchronous: settings.synchronous, version: App.version)
      let found = await Result.capture { (try await store.info(), try await store.probe()) }
      await store.close()
      let (info, health) = try found.get()
      return finding(info, health)
    } catch {
      return failure(error, path)
    }
  }

  private func finding(_ info: SQLiteStoreInfo, _ health: StoreHealth) -> Finding {
    guard health.reads, health.writes else {
      let state = health.reads ? "takes no writes" : "cannot be read"
      return .fail(
        "database", "\(info.path) \(state): \(health.problem ?? "the reason is unknown")",
        "make room on the disk and give this user the right to write, \(Self.otherPath)")
    }
    let what =
      "\(info.path) is open and writable: schema \(info.schemaVersion), synchronous=\(info.synchronous.rawValue), "
      + "\(info.agents) agents, \(info.threads) threads, \((info.bytes + info.logBytes).sizeText)"
    return withRoom(what, at: info.path)
  }

  /// Nothing is made by looking: serve does that.
  private func missing(_ path: String) -> Finding {
    var folder = URL(filePath: path).standardizedFileURL.deletingLastPathComponent()
    while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" { folder.deleteLastPathComponent() }
    var isFolder = false
    _ = FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder)
    guard isFolder, FileManager.default.isWritableFile(atPath: folder.path) else {
      let why = isFolder ? "this user may not write to \(folder.path)" : "\(folder.path) is not a folder"
      return .fail(
        "database", "\(path) does not exist, and \(why)", "give this user the right to write there, \(Self.otherPath)")
    }
    return withRoom("\(path) does not exist yet: serve makes it", at: folder.path)
  }

  private func withRoom(_ what: String, at path: String) -> Finding {
    guard let free = Self.freeBytes(path) else { return .ok("database", what) }
    let room = "\(free.sizeText) free on its disk"
    guard free >= Self.freeMin else {
      return .warn("database", "\(what); only \(room)", "make room on the disk, \(Self.otherPath)")
    }
    return .ok("database", "\(what), \(room)")
  }

  private func failure(_ error: any Error, _ path: String) -> Finding {
    guard let error = error as? StoreError else {
      return .fail("database", "\(path) cannot be opened: \(error)", "mend the file, \(Self.otherPath)")
    }
    if isServed, error.kind == .unavailable {
      return .ok("database", "not looked into, since a runtime is serving: \(error.message)")
    }
    let cause = error.cause.map { " (\($0))" } ?? ""
    let remedy =
      error.kind == .corrupt ? "use the version of Apus that wrote it, or restore a backup" : "mend what it says"
    return .fail("database", error.message + cause, "\(remedy), \(Self.otherPath)")
  }

  private static func freeBytes(_ path: String) -> Int? {
    var status = statvfs()
    guard unsafe statvfs(path, &status) == 0 else { return nil }
    return Int(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
  }
}

extension Result where Failure == any Error {
  /// What `work` returns or throws.
  fileprivate static func capture(_ work: () async throws -> Success) async -> Self {
    do { return .success(try await work()) } catch { return .failure(error) }
  }
}

extension Int {
  /// A number of bytes for people.
  var sizeText: String {
    switch self {
    case ..<1024: "\(self) B"
    case ..<(1 << 20): "\(self >> 10) KiB"
    case ..<(10 << 30): "\(self >> 20) MiB"
    default: "\(self >> 30) GiB"
    }
  }
}
