/// The checks that an HTTP URL in a setting passes.
enum WebAddress {
  /// What a base URL may be.
  static let allowed = "http(s)://host[:port][/path]"
  /// What an origin may be (RFC 6454).
  static let allowedOrigin = "* or a list such as https://app.example.com,http://localhost:3000"

  /// The URL without slashes at its end. Throws why it is none.
  static func baseURL(_ text: String) throws(SettingsReader.Problem) -> String {
    var text = text[...]
    let path = try pathBehindAuthority(text)
    guard !path.contains(where: { $0 == "?" || $0 == "#" }) else { throw .init("has a query or a fragment") }
    while text.hasSuffix("/") { text.removeLast() }
    return String(text)
  }

  /// The origin as browsers write it. Throws why it is none.
  static func origin(_ text: String) throws(SettingsReader.Problem) -> String {
    guard try pathBehindAuthority(text[...]).isEmpty else { throw .init("has a path, which no origin has") }
    return text.lowercased()
  }

  private static func pathBehindAuthority(_ text: Substring) throws(SettingsReader.Problem) -> Substring {
    guard String(text).isVisibleASCII else { throw .init("holds spaces, control or non-ASCII characters") }
    let scheme = text.prefix { $0 != ":" }
    guard ["http", "https"].contains(scheme.lowercased()) else {
      throw .init("does not begin with http:// or https://")
    }
    guard text.dropFirst(scheme.count).hasPrefix("://") else { throw .init("has no // behind its scheme") }
    let rest = text.dropFirst(scheme.count + 3)
    let authority = rest.prefix { !"/?#".contains($0) }
    guard !authority.contains("@") else { throw .init("holds a user or a password, which would end up in logs") }
    try check(authority: authority)
    return rest.dropFirst(authority.count)
  }

  private static func check(authority: Substring) throws(SettingsReader.Problem) {
    var (host, port): (Substring, Substring?) = (authority, nil)
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { throw .init("has a [ without a ]") }
      host = authority[authority.index(after: authority.startIndex)..<end]
      let tail = authority[authority.index(after: end)...]
      guard tail.isEmpty || tail.hasPrefix(":") else { throw .init("has text behind its ]") }
      port = tail.isEmpty ? nil : tail.dropFirst()
    } else if let colon = authority.firstIndex(of: ":") {
      host = authority[..<colon]
      port = authority[authority.index(after: colon)...]
    }
    guard !host.isEmpty else { throw .init("names no host") }
    guard let port else { return }
    guard let number = Int(port), (1...65_535).contains(number) else { throw .init("has a port that is none") }
  }
}
