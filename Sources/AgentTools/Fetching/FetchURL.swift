import AgentRuntime

/// A URL that may be fetched if its host is allowed; read strictly, and written anew from what was read, so that no
/// second parser can see another host in it.
struct FetchURL: Sendable, Hashable, CustomStringConvertible {
  static let lengthMax = 4096

  let isSecure: Bool
  /// A lower-case name, or an IP address in its strict form (IPv6 without brackets).
  let host: String
  /// The address, where the host is one.
  let address: IPAddress?
  let port: Int
  /// Path and query, percent-encoded, at least `/`.
  let target: String

  /// Throws a `ToolError` that says what is not allowed in it.
  init(_ text: String) throws {
    guard text.utf8.count <= Self.lengthMax else {
      throw ToolError("the URL has \(text.utf8.count) bytes, at most \(Self.lengthMax) are allowed")
    }
    guard !text.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F || $0 == "\\" }) else {
      throw ToolError("the URL holds a space, a control character or a backslash; percent-encode it")
    }
    guard let colon = text.firstRange(of: "://") else { throw Self.notHTTP(text) }
    let scheme = text[..<colon.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https" else { throw Self.notHTTP(text) }
    isSecure = scheme == "https"
    let rest = text[colon.upperBound...]
    let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
    (host, address, port) = try Self.authority(rest[..<end], portOfScheme: isSecure ? 443 : 80)
    target = Self.target(rest[end...])
  }

  /// The URL as it is sent, without a fragment.
  var description: String {
    let isDefault = port == (isSecure ? 443 : 80)
    let name = address?.isVersion6 == true ? "[\(host)]" : host
    return "\(isSecure ? "https" : "http")://\(name)\(isDefault ? "" : ":\(port)")\(target)"
  }

  /// What a `Location` header means here. Throws a `ToolError`.
  func resolving(_ location: String) throws -> FetchURL {
    let root = String(description.dropLast(target.utf8.count))
    if location.hasPrefix("//") { return try FetchURL((isSecure ? "https:" : "http:") + location) }
    if location.hasPrefix("/") { return try FetchURL(root + location) }
    let path = target.prefix { $0 != "?" }
    if location.isEmpty || location.hasPrefix("#") { return self }
    if location.hasPrefix("?") { return try FetchURL(root + path + location) }
    let first = location.prefix { !"/?#".contains($0) }
    if first.contains(":") { return try FetchURL(location) }
    let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
    return try FetchURL(root + folder + location)
  }

  private static func notHTTP(_ text: String) -> ToolError {
    ToolError("'\(text.prefix(80))' is not a URL of the form https://host[:port]/path; only https and http are allowed")
  }
}

extension FetchURL {
  private static func authority(
    _ text: Substring, portOfScheme: Int
  ) throws -> (host: String, address: IPAddress?, port: Int) {
    guard !text.contains("@") else { throw ToolError("the URL holds credentials (user@host), which are not sent") }
    var name = text
    var portText: Substring?
    if text.first == "[" {
      guard let close = text.firstIndex(of: "]") else { throw notHost(text) }
      name = text[...close]
      let tail = text[text.index(after: close)...]
      guard tail.isEmpty || tail.first == ":" else { throw notHost(text) }
      portText = tail.isEmpty ? nil : tail.dropFirst()
    } else if let colon = text.firstIndex(of: ":") {
      name = text[..<colon]
      portText = text[text.index(after: colon)...]
    }
    let (host, address) = try self.host(String(name))
    return (host, address, try portText.map { try port($0) } ?? portOfScheme)
  }

  /// Throws a `ToolError` unless it is 1 to 65535 in plain digits.
  static func port(_ text: Substring) throws -> Int {
    let isPlain = (1...5).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    guard isPlain, text.first != "0", let port = Int(text), port <= 65535 else {
      throw ToolError("'\(text.prefix(20))' is not a port, which is 1 to 65535")
    }
    return port
  }

  /// Reads a name or an address (IPv6 in brackets). Throws a `ToolError`.
  ///
  /// A name whose last label is a number (`127.1`, `0x7f000001`, `017700000001`) is what resolvers take for an
  /// address: it is neither here.
  static func host(_ text: String) throws -> (String, IPAddress?) {
    if text.first == "[" {
      let inner = text.dropFirst().dropLast()
      guard text.last == "]", let address = IPAddress(String(inner)), address.isVersion6 else { throw notHost(text) }
      return (address.description, address)
    }
    if let address = IPAddress(text), !address.isVersion6 { return (text, address) }
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...253).contains(text.utf8.count), labels.allSatisfy(isLabel), let last = labels.last,
      !isNumber(last)
    else { throw notHost(text) }
    return (text.lowercased(), nil)
  }

  private static func notHost(_ text: some StringProtocol) -> ToolError {
    ToolError(
      "'\(text.prefix(80))' is not a host: allowed are names of a-z 0-9 - and dots (others in their xn-- form, without "
        + "a dot at the end), IPv4 as four decimal numbers, and IPv6 in brackets")
  }

  private static func isLabel(_ label: Substring) -> Bool {
    (1...63).contains(label.utf8.count) && label.utf8.first != UInt8(ascii: "-")
      && label.utf8.last != UInt8(ascii: "-")
      && label.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D
      }
  }

  private static func isNumber(_ label: Substring) -> Bool {
    if label.allSatisfy(\.isNumber) { return true }
    return label.lowercased().hasPrefix("0x") && label.dropFirst(2).allSatisfy(\.isHexDigit)
  }

  /// Encodes what may not stand in a request's first line; what is encoded stays as it is.
  private static func target(_ text: Substring) -> String {
    let withoutFragment = text.prefix { $0 != "#" }
    var target = withoutFragment.first == "/" ? "" : "/"
    let bytes = Array(withoutFragment.utf8)
    for (index, byte) in bytes.enumerated() {
      let escapes = byte == UInt8(ascii: "%") && !isEscape(bytes[index...])
      if escapes || byte >= 0x7F || "\"<>[]^`{|}".utf8.contains(byte) {
        let hex = String(byte, radix: 16, uppercase: true)
        target += hex.utf8.count == 1 ? "%0\(hex)" : "%\(hex)"
      } else {
        target.unicodeScalars.append(Unicode.Scalar(byte))
      }
    }
    return target
  }

  private static func isEscape(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.count >= 3 && bytes.dropFirst().prefix(2).allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
  }
}
