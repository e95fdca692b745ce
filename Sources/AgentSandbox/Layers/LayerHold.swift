#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Holds a directory: while it lives, no process that asks the same way removes it. The kernel lets go of it in any case.
final class LayerHold: Sendable {
  private let descriptor: Int32

  /// Holds it with others, or alone; nil where it is gone, or where somebody's hold forbids this one.
  init?(_ path: String, alone: Bool = false) {
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    // It may have been moved away between the two.
    guard flock(descriptor, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0, Self.isAt(path, descriptor) else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  private static func isAt(_ path: String, _ descriptor: Int32) -> Bool {
    var (held, found) = (stat(), stat())
    guard unsafe fstat(descriptor, &held) == 0, unsafe stat(path, &found) == 0 else { return false }
    return held.st_dev == found.st_dev && held.st_ino == found.st_ino
  }
}
