import AgentLLM
import FoundationEssentials

extension SettingsReader {
  /// What `env.example` has in the place of a token.
  static let exampleToken = "change-me"
  private static let tokenLengthMin = 8

  /// The tokens of RUNTIME_TOKEN.
  mutating func runtimeTokens(isDebug: Bool) -> [Secret] {
    let allowed = "tokens of visible ASCII characters, separated by commas; `openssl rand -hex 24` makes one"
    guard let list = text("RUNTIME_TOKEN") else {
      fault("RUNTIME_TOKEN", "is not set, and callers need it", allowed: allowed)
      return []
    }
    let tokens = list.split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimmed) }
    if tokens.contains("") {
      fault("RUNTIME_TOKEN", "has an empty token in its list", allowed: allowed)
    }
    if !tokens.allSatisfy(\.isVisibleASCII) {
      fault("RUNTIME_TOKEN", "holds spaces, control or non-ASCII characters", allowed: allowed)
    }
    if tokens.contains(Self.exampleToken) {
      let problem = "is the example's value, which everybody knows"
      if isDebug {
        warn("RUNTIME_TOKEN \(problem): DEBUG alone allows it")
      } else {
        fault("RUNTIME_TOKEN", problem, allowed: allowed + ", or any with DEBUG=true")
      }
    }
    if tokens.contains(where: { !$0.isEmpty && $0.utf8.count < Self.tokenLengthMin }) {
      warn("RUNTIME_TOKEN has a token of fewer than \(Self.tokenLengthMin) characters, which is easy to guess")
    }
    return tokens.map(Secret.init)
  }

  /// A key that is sent in a header.
  mutating func secret(_ name: String) -> Secret? {
    value(name, or: nil, allowed: "visible ASCII characters") { text throws(Problem) in
      guard text.isVisibleASCII else { throw Problem("holds spaces, control or non-ASCII characters") }
      return Secret(text)
    }
  }

  /// A name that is sent in a header and in JSON.
  mutating func identifier(_ name: String, or fallback: String) -> String {
    value(name, or: fallback, allowed: "1 to 200 visible ASCII characters") { text throws(Problem) in
      guard text.isVisibleASCII else { throw Problem("holds spaces, control or non-ASCII characters") }
      guard text.utf8.count <= 200 else { throw Problem("is too long") }
      return text
    }
  }

  /// An address or a host's name.
  mutating func host(_ name: String, or fallback: String) -> String {
    value(name, or: fallback, allowed: "an address or a host name, such as 0.0.0.0, :: or localhost") {
      text throws(Problem) in
      let isPlain = text.utf8.allSatisfy { byte in
        Unicode.Scalar(byte).properties.isAlphabetic || (0x30...0x39).contains(byte) || ".:-_%".utf8.contains(byte)
      }
      guard isPlain, text.utf8.allSatisfy({ $0 < 0x80 }) else { throw Problem("is not one") }
      return text
    }
  }

  /// Origins that browsers may call from.
  mutating func origins(_ name: String) -> [String] {
    value(name, or: [], allowed: WebAddress.allowedOrigin) { text throws(Problem) in
      var origins: [String] = []
      for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        let origin = String(part.trimmed)
        guard !origin.isEmpty else { throw Problem("has an empty origin in its list") }
        origins.append(origin == "*" ? origin : try WebAddress.origin(origin))
      }
      guard origins == ["*"] || !origins.contains("*") else { throw Problem("has * beside other origins") }
      return origins
    }
  }

  /// TLS_CERT_FILE and TLS_KEY_FILE, both or neither.
  mutating func tlsFiles() -> (certificate: String, key: String)? {
    let files = ["TLS_CERT_FILE", "TLS_KEY_FILE"].map { file($0, allowed: "a PEM file that this user may read") }
    switch (text("TLS_CERT_FILE"), text("TLS_KEY_FILE")) {
    case (_?, nil): fault("TLS_KEY_FILE", "is not set, but TLS_CERT_FILE is", allowed: "both or neither")
    case (nil, _?): fault("TLS_CERT_FILE", "is not set, but TLS_KEY_FILE is", allowed: "both or neither")
    default: break
    }
    guard let certificate = files[0], let key = files[1] else { return nil }
    return (certificate, key)
  }

  /// The path of a file that can be read.
  mutating func file(_ name: String, allowed: String) -> String? {
    value(name, or: nil as String?, allowed: allowed) { path throws(Problem) in
      var isFolder = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw Problem("does not exist")
      }
      guard !isFolder, FileManager.default.isReadableFile(atPath: path) else { throw Problem("cannot be read") }
      return path
    }
  }

  /// The path in a `sqlite:///` URL.
  mutating func databasePath(_ name: String, or fallback: String) -> String {
    let allowed = "sqlite:///relative/path or sqlite:////absolute/path"
    return value(name, or: fallback, allowed: allowed) { text throws(Problem) in
      let scheme = text.prefix { $0 != ":" }.lowercased()
      if scheme.hasPrefix("postgres") { throw Problem("asks for PostgreSQL, which this build does not support yet") }
      guard text.hasPrefix("sqlite:///") else { throw Problem("is not a database that this build knows") }
      let path = String(text.dropFirst("sqlite:///".count))
      guard !path.isEmpty, !path.hasSuffix("/") else { throw Problem("names no file") }
      guard path != ":memory:" else { throw Problem("would lose everything at the end") }
      guard !path.contains("?") else { throw Problem("has parameters, of which there are none") }
      return path
    }
  }
}
