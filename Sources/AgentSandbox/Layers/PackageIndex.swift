/// The index that packages come from; a password in its URL is shown to nobody but pip.
public struct PackageIndex: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The URL without user and password.
  public let url: String
  private let user: String?

  /// Makes an index; `user` is what stands before the `@` of the URL, such as `name:password`, as it is written there.
  public init(url: String, user: String? = nil) {
    self.url = url
    self.user = user
  }

  /// Whether it is spoken to without TLS.
  public var isPlain: Bool { url.lowercased().hasPrefix("http://") }

  /// Whether it is on this machine.
  public var isLoopback: Bool {
    let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
    return host == "localhost" || host == "[::1]" || host.hasPrefix("127.")
  }

  /// The host, with its port where the URL names one.
  var authority: String {
    let rest = url.drop { $0 != ":" }.dropFirst(3)
    return String(rest.prefix { $0 != "/" })
  }

  /// The whole URL, for pip.
  var revealedURL: String {
    guard let user else { return url }
    let scheme = url.prefix { $0 != ":" }
    return "\(scheme)://\(user)@\(url.dropFirst(scheme.count + 3))"
  }

  /// What must never stand in a log: the password, as it is written and as it is meant.
  public var secrets: [String] {
    guard let user else { return [] }
    let password = user.firstIndex(of: ":").map { String(user[user.index(after: $0)...]) } ?? user
    let parts = [user, password]
    return (parts + parts.map(Self.withoutEscapes)).filter { !$0.isEmpty }
  }

  /// A text without the secrets.
  func redacted(_ text: String) -> String {
    var text = text
    for secret in secrets.sorted(by: { $0.utf8.count > $1.utf8.count }) {
      text = text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
    }
    return text
  }

  /// The URL without user and password.
  public var description: String { url }
  /// The URL without user and password.
  public var debugDescription: String { url }
  /// A mirror without children.
  public var customMirror: Mirror { Mirror(self, children: []) }

  private static func withoutEscapes(_ text: String) -> String {
    var (bytes, rest) = ([UInt8](), text.utf8[...])
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
