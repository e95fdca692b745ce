import AgentRuntime
import GRDB

extension StoreError {
  /// What a failure inside SQLite means for the store's caller. A `StoreError` stays as it is.
  init(_ error: any Error, writing: Bool) {
    if let error = error as? StoreError {
      self = error
      return
    }
    guard let fault = error as? DatabaseError else {
      self.init(.unavailable, "The database failed.", cause: error)
      return
    }
    let said = "SQLite says: \(fault.message ?? "nothing") (\(fault.extendedResultCode.rawValue))."
    switch fault.resultCode {
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT:
      self.init(.corrupt, "The database file is damaged or no SQLite database. \(said)", cause: fault)
    case .SQLITE_FULL:
      self.init(.readOnly, "The database cannot grow: the disk is full. \(said)", cause: fault)
    case let code where writing && Self.cannotWrite.contains(code):
      self.init(.readOnly, "The database cannot be written. \(said)", cause: fault)
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self.init(.unavailable, "The database is locked by another program. \(said)", cause: fault)
    default:
      self.init(.unavailable, "The database failed. \(said)", cause: fault)
    }
  }

  private static let cannotWrite: [ResultCode] = [.SQLITE_READONLY, .SQLITE_IOERR, .SQLITE_PERM, .SQLITE_CANTOPEN]

  /// What calls get once the store is closed.
  static var closed: StoreError { StoreError(.unavailable, "The store is closed.") }
}
