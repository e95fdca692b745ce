import AgentRuntime

/// One entry of an allow-list: `example.com`, `*.example.com` (any name below it, not itself), with an optional `:port`.
///
/// Without a port, those of the schemes (80 for http, 443 for https) are allowed.
public struct HostPattern: Sendable, Hashable {
  let host: String
  let includesNamesBelow: Bool
  let port: Int?

  /// Reads a pattern; an IP address must be written as such. Throws a `ToolError`.
  public init(_ text: String) throws {
    var name = text[...]
    var port: Int?
    let isBracketed = text.hasPrefix("[")
    if let colon = text.lastIndex(of: ":"), !isBracketed || text.last != "]" {
      port = try FetchURL.port(text[text.index(after: colon)...])
      name = text[..<colon]
    }
    includesNamesBelow = name.hasPrefix("*.")
    let (host, address) = try FetchURL.host(String(includesNamesBelow ? name.dropFirst(2) : name))
    guard !includesNamesBelow || address == nil else {
      throw ToolError("'\(text.prefix(80))' is not a host pattern: there are no names below an address")
    }
    self.host = host
    self.port = port
  }

  func allows(_ url: FetchURL) -> Bool {
    guard url.port == port ?? (url.isSecure ? 443 : 80) else { return false }
    return includesNamesBelow ? url.address == nil && url.host.hasSuffix(".\(host)") : url.host == host
  }
}
