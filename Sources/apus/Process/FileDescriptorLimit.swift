#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How many files and connections this process may have open (RLIMIT_NOFILE).
struct FileDescriptorLimit: Sendable, Hashable, CustomStringConvertible {
  /// Below this, a hundred executions with their clients and model connections get close to the bound.
  static let advisedMin: UInt64 = 4096

  /// What holds now.
  let soft: UInt64
  /// What the process may raise it to.
  let hard: UInt64

  /// What holds now; nil if the system does not say.
  static func current() -> FileDescriptorLimit? {
    var limit = rlimit()
    guard unsafe getrlimit(resource, &limit) == 0 else { return nil }
    return FileDescriptorLimit(soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
  }

  /// Raises the soft limit to the hard one: shells give 1024, which a few hundred streams use up.
  /// Returns what held before and holds now; nil if the system does not say.
  static func raise() -> (before: FileDescriptorLimit, after: FileDescriptorLimit)? {
    guard let before = current() else { return nil }
    if before.soft < before.hard {
      var limit = rlimit(rlim_cur: rlim_t(before.hard), rlim_max: rlim_t(before.hard))
      // Where the system refuses, the old limit stays, and that is what is reported.
      _ = unsafe setrlimit(resource, &limit)
    }
    return (before, current() ?? before)
  }

  /// Such as `1024 of at most 1048576`.
  var description: String { "\(soft) of at most \(hard)" }

  #if canImport(Glibc)
    private static var resource: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
  #else
    private static var resource: Int32 { Int32(RLIMIT_NOFILE) }
  #endif
}
