import AgentRuntime
import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An exclusive lock on a file, held until `release()` or the end of the object, and by the kernel ended with the
/// process, however that ends. The file holds the owner's process id, for people.
final class FileLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock on `<database>.lock`. Throws `StoreError.unavailable` where another process has it.
  init(database: String) throws {
    let path = database + ".lock"
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StoreError(.unavailable, "The lock file \(path) cannot be opened: \(SystemFault.text(errno)).")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let fault = errno
      close(descriptor)
      throw Self.refusal(database: database, lock: path, fault: fault)
    }
    self.descriptor = descriptor
    writeOwner()
  }

  deinit { close(descriptor) }

  /// Lets the next process have the lock. The file stays: removing it could take it from under that process.
  func release() { flock(descriptor, LOCK_UN) }

  private func writeOwner() {
    let text = Array("\(getpid())\n".utf8)
    // Only a help in messages: where it cannot be written (a full disk), the lock holds all the same.
    ftruncate(descriptor, 0)
    _ = unsafe text.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  private static func refusal(database: String, lock: String, fault: Int32) -> StoreError {
    guard fault == EWOULDBLOCK else {
      return StoreError(.unavailable, "The lock file \(lock) cannot be locked: \(SystemFault.text(fault)).")
    }
    let owner = (try? String(contentsOfFile: lock, encoding: .utf8)).flatMap {
      Int($0.prefix { $0 != "\n" })
    }
    let who = owner.map { "process \($0)" } ?? "another process"
    return StoreError(
      .unavailable,
      "The database \(database) is in use by \(who). One process serves a database file: stop the other one, "
        + "or give this one another file.")
  }
}

/// What the system says about an error number.
enum SystemFault {
  static func text(_ number: Int32) -> String {
    unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
  }
}
