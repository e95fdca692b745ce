/// What user code may be made of: which index, if any, and the repositories of which hosts.
public struct CodeSupplyPolicy: Sendable, Hashable {
  /// The setting that names the index.
  public static let indexSetting = "CODE_PACKAGE_INDEX"
  /// The setting that lists the hosts.
  public static let hostsSetting = "CODE_REPOSITORY_HOSTS"

  /// Whether there is an index that packages may come from.
  public var hasIndex: Bool
  /// The hosts that repositories may come from.
  public var hosts: [CodeHost]

  /// Makes a policy; the default allows nothing.
  public init(hasIndex: Bool = false, hosts: [CodeHost] = []) {
    self.hasIndex = hasIndex
    self.hosts = hosts
  }

  /// Why packages are off; nil where they are not.
  public var packagesOff: String? {
    hasIndex ? nil : "\(Self.indexSetting) names no index that packages may come from"
  }

  /// Why repositories are off; nil where they are not.
  public var repositoriesOff: String? {
    hosts.isEmpty ? "\(Self.hostsSetting) names no host that code may come from" : nil
  }

  /// Why a host is not allowed, where repositories are on at all; nil where it is.
  public func refusal(of host: CodeHost) -> String? {
    guard !hosts.contains(host) else { return nil }
    let allowed = hosts.prefix(10).map(\.description).joined(separator: ", ")
    let more = hosts.count > 10 ? ", and \(hosts.count - 10) more" : ""
    return "'\(host.description.excerpt)' is no host that \(Self.hostsSetting) allows; allowed: \(allowed)\(more)"
  }
}

/// A host that code comes from: `git.example.com`, `git.example.com:8443`, or `http://git.example.com` without TLS.
public struct CodeHost: Sendable, Hashable, CustomStringConvertible {
  /// Whether it is spoken to without TLS.
  public let isPlain: Bool
  /// In lower case; an IPv6 address stands in brackets.
  public let name: String
  /// The port.
  public let port: Int

  /// Reads `host[:port]`, with `https://` or `http://` before it or neither; nil for what is none.
  public init?(_ text: String) {
    let lower = text.lowercased()
    isPlain = lower.hasPrefix("http://")
    var rest = isPlain ? lower.dropFirst(7) : lower.hasPrefix("https://") ? lower.dropFirst(8) : lower[...]
    var name = ""
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      name = String(rest[...end])
      rest = rest[rest.index(after: end)...]
      guard name.count > 4, name.dropFirst().dropLast().utf8.allSatisfy(Self.isAddressByte) else { return nil }
    } else {
      name = String(rest.prefix { $0 != ":" })
      rest = rest.dropFirst(name.count)
      guard Self.isHostName(name) else { return nil }
    }
    self.name = name
    if rest.isEmpty {
      port = isPlain ? 80 : 443
      return
    }
    let digits = rest.dropFirst()
    guard rest.hasPrefix(":"), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits),
      (1...65_535).contains(port)
    else { return nil }
    self.port = port
  }

  /// As it stands in a URL.
  public var authority: String { port == (isPlain ? 80 : 443) ? name : "\(name):\(port)" }

  /// As it is written in a list of hosts.
  public var description: String { (isPlain ? "http://" : "") + authority }

  private static func isHostName(_ text: String) -> Bool {
    guard (1...253).contains(text.utf8.count) else { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      let isPlain = label.utf8.allSatisfy {
        $0.isDigitOrLowercase || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
      }
      return isPlain && !label.isEmpty && !label.hasPrefix("-") && !label.hasSuffix("-")
    }
  }

  private static func isAddressByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || byte == UInt8(ascii: ":")
      || byte == UInt8(ascii: ".")
  }
}

extension UInt8 {
  /// Whether it is one of `0-9a-z`.
  var isDigitOrLowercase: Bool { (0x30...0x39).contains(self) || (0x61...0x7A).contains(self) }
}
