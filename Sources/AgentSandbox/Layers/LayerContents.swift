import AgentRuntime
import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is in a layer. Everything here blocks.
enum LayerContents {
  /// Files and directories at most.
  static let entriesMax = 100_000
  private static let depthMax = 64

  /// Makes all of a tree readable for every user, and nothing in it writable for others. Special files are removed.
  /// Returns the bytes it takes. Throws `CodeRefused` where it has too many files.
  static func settle(_ path: String) throws -> Int {
    var (bytes, entries) = (0, 0)
    try settle(path, depth: 0, &bytes, &entries)
    return bytes
  }

  private static func settle(_ path: String, depth: Int, _ bytes: inout Int, _ entries: inout Int) throws {
    _ = unsafe chmod(path, 0o755)
    for name in try FileManager.default.contentsOfDirectory(atPath: path) {
      entries += 1
      guard entries <= entriesMax, depth < depthMax else {
        throw CodeRefused([
          .init(.whole, type: "too_large", "has more than \(entriesMax) files, or more than \(depthMax) levels of them")
        ])
      }
      let entry = "\(path)/\(name)"
      var found = stat()
      guard unsafe lstat(entry, &found) == 0 else { continue }
      bytes += max(Int(found.st_size), Int(found.st_blocks) * 512)
      switch found.st_mode & S_IFMT {
      case S_IFDIR: try settle(entry, depth: depth + 1, &bytes, &entries)
      case S_IFREG: _ = unsafe chmod(entry, found.st_mode & 0o100 == 0 ? 0o644 : 0o755)
      case S_IFLNK: break
      default: _ = unsafe unlink(entry)
      }
    }
  }

  /// Moves a repository and packages into one tree. Of two with the same name the repository's stands, as it would on
  /// Python's path. Throws where the disk does not take it.
  static func merge(repository: String?, packages: String?, into files: String) throws {
    let parts = [repository, packages].compactMap { $0 }
    guard let first = parts.first else { throw LayerDiskError("\(files) would hold nothing") }
    guard unsafe rename(first, files) == 0 else { throw LayerDiskError(call: "rename", files) }
    guard parts.count == 2 else { return }
    let taken = Set(try FileManager.default.contentsOfDirectory(atPath: files))
    for name in try FileManager.default.contentsOfDirectory(atPath: parts[1]) where !taken.contains(name) {
      guard unsafe rename("\(parts[1])/\(name)", "\(files)/\(name)") == 0 else {
        throw LayerDiskError(call: "rename", "\(files)/\(name)")
      }
    }
    try FileManager.default.removeItem(atPath: parts[1])
  }

  /// The text of a file within a tree. Links within it are followed. Throws `CodeRefused`.
  static func text(of file: String, in files: String) throws -> String {
    func refusal(_ type: String, _ problem: String) -> CodeRefused {
      CodeRefused([.init(.repository, type: type, "the file '\(file)' \(problem)")])
    }
    guard let root = resolved(files), let path = resolved("\(files)/\(file)") else {
      throw refusal("not_found", "is not in that commit; name another one by #file behind the commit")
    }
    guard path.hasPrefix(root + "/") else { throw refusal("not_allowed", "is a link that leads out of the repository") }
    var found = stat()
    guard unsafe stat(path, &found) == 0, found.st_mode & S_IFMT == S_IFREG else {
      throw refusal("not_allowed", "is no regular file")
    }
    guard found.st_size <= CodeRepository.sourceBytesMax, let data = FileManager.default.contents(atPath: path) else {
      throw refusal("too_large", "has \(found.st_size) bytes; \(CodeRepository.sourceBytesMax) are allowed")
    }
    guard let text = String(validating: data, as: UTF8.self) else { throw refusal("not_allowed", "is not UTF-8") }
    return text
  }

  private static func resolved(_ path: String) -> String? {
    guard let pointer = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(pointer) }
    return unsafe String(cString: pointer)
  }
}
