/// What `http_fetch` may reach, and how much of it.
public struct FetchSettings: Sendable, Hashable {
  /// The hosts that may be asked; all others are refused, redirects included.
  public var allow: [HostPattern]
  /// Also reach private, loopback, unique-local and carrier-NAT addresses, for services of an internal network. The
  /// allow-list holds all the same, and cloud metadata, link-local and multicast addresses stay refused.
  public var allowPrivate: Bool
  /// How many bytes of an answer are read; the rest is cut off.
  public var bytesMax: Int
  /// How long a call may take in all, redirects included.
  public var timeout: Duration

  /// How many redirects are followed.
  public static let redirectsMax = 5

  /// Makes settings.
  public init(
    allow: [HostPattern], allowPrivate: Bool = false, bytesMax: Int = 64 << 10, timeout: Duration = .seconds(20)
  ) {
    self.allow = allow
    self.allowPrivate = allowPrivate
    self.bytesMax = bytesMax
    self.timeout = timeout
  }
}
