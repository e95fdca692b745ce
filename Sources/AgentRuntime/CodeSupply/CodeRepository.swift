/// One commit of a repository: `https://git.example.com/team/bot.git@<commit>`.
public struct CodeRepository: Sendable, Hashable {
  /// Where it is.
  public let host: CodeHost
  /// The path in its URL, with the slash before it.
  public let path: String
  /// 40 hexadecimal digits in lower case.
  public let commit: String

  /// Bytes of a file that is used as source code at most.
  public static let sourceBytesMax = 1 << 20

  /// The URL, without the commit.
  public var url: String { "\(host.isPlain ? "http" : "https")://\(host.authority)\(path)" }

  /// Reads `https://host/path` and a commit; nil for what is none.
  public init?(url: String, commit: String) {
    guard let reference = try? CodeReference("\(url)@\(commit)"), reference.file == nil else { return nil }
    self = reference.repository
  }

  /// Makes a repository of parts that were checked.
  init(host: CodeHost, path: String, commit: String) {
    self.host = host
    self.path = path
    self.commit = commit
  }
}

/// An agent's code in a repository: the commit, and the file that has the entry point.
struct CodeReference: Sendable, Hashable {
  let repository: CodeRepository
  /// Relative to the repository; nil where none is named.
  let file: String?

  private static let lengthMax = 2000
  static let allowed = "allowed is https://host/path@<commit of 40 hexadecimal digits>, and #file behind it"

  /// Reads a reference. Throws `CodeGrammarFault`.
  init(_ text: String) throws(CodeGrammarFault) {
    let text = text.withoutEdgeBlanks
    func fault(_ problem: String) -> CodeGrammarFault {
      CodeGrammarFault("'\(Self.withoutUser(text).excerpt)' \(problem); \(Self.allowed)")
    }
    guard text.utf8.count <= Self.lengthMax else { throw fault("has more than \(Self.lengthMax) characters") }
    let address = text.prefix { $0 != "#" }
    let file = address.count < text.count ? String(text.dropFirst(address.count + 1)) : nil
    guard let scheme = ["https://", "http://"].first(where: { address.lowercased().hasPrefix($0) }) else {
      throw fault("does not begin with https://")
    }
    let authority = address.dropFirst(scheme.count).prefix { $0 != "/" }
    let rest = address.dropFirst(scheme.count + authority.count)
    if authority.contains("@"), !rest.isEmpty { throw fault("holds a user or a password, which it must not") }
    guard let at = rest.lastIndex(of: "@") else { throw fault("names no commit") }
    let commit = rest[rest.index(after: at)...].lowercased()
    guard commit.utf8.count == 40, commit.utf8.allSatisfy(\.isHexDigit) else {
      throw fault("is not pinned by a commit of 40 hexadecimal digits")
    }
    guard let host = CodeHost(scheme + authority) else { throw fault("names no host") }
    let path = String(rest[..<at])
    guard Self.isPath(path.dropFirst()) else { throw fault("has a path that no repository has") }
    if let file, !Self.isFile(file) { throw fault("names no file within the repository behind #") }
    repository = CodeRepository(host: host, path: path, commit: commit)
    self.file = file
  }

  /// What a message may show of it.
  private static func withoutUser(_ text: String) -> String {
    guard let slashes = text.firstRange(of: "://") else { return text }
    let authority = text[slashes.upperBound...].prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@") else { return text }
    return text[..<slashes.upperBound] + "***" + text[at...]
  }

  private static func isPath(_ path: Substring) -> Bool {
    path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && part != "." && part != ".."
        && part.utf8.allSatisfy {
          $0.isDigitOrLowercase || (0x41...0x5A).contains($0) || "-_.~+".utf8.contains($0)
        }
    }
  }

  private static func isFile(_ path: String) -> Bool {
    guard path.utf8.count <= 300 else { return false }
    return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && part != "." && part != ".." && part.lowercased() != ".git"
        && part.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "\\" }
    }
  }
}

extension UInt8 {
  fileprivate var isHexDigit: Bool { (0x30...0x39).contains(self) || (0x61...0x66).contains(self) }
}
