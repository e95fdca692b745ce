/// Installed packages and fetched files that a program may import. It is read-only, and calls share it.
public struct SandboxLayer: Sendable, Hashable {
  /// A directory of the host; inside the sandbox it is `/layer`, which is on Python's path.
  public var path: String
  private let hold: (any AnyObject & Sendable)?

  /// Makes a layer. Whoever keeps layers learns from the end of `hold` that nobody uses this one any more.
  public init(path: String, hold: (any AnyObject & Sendable)? = nil) {
    self.path = path
    self.hold = hold
  }

  /// Layers are the same where their directory is.
  public static func == (left: SandboxLayer, right: SandboxLayer) -> Bool { left.path == right.path }

  /// Hashes the directory's path.
  public func hash(into hasher: inout Hasher) { hasher.combine(path) }
}
