import AgentJSON
import FoundationEssentials

#if canImport(Dispatch)
  import Dispatch
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The directory of all layers. A layer is a directory named by 64 hexadecimal digits, with `layer.json` and the files;
/// it comes into being whole, by a rename. Everything here blocks.
struct LayerFolder: Sendable {
  /// A layer that nobody removes.
  struct Held: Sendable {
    let hold: LayerHold
    /// Where its files are.
    let files: String
  }

  /// An absolute path.
  let path: String

  private static let filesMark = "files-"
  private static let noteName = "layer.json"
  private static let buildingMark = ".building-"
  private static let removedMark = ".removed-"

  /// Holds a layer, and notes that it is used now; nil where there is none.
  func hold(_ name: String) -> Held? {
    let directory = "\(path)/\(name)"
    guard touch(name), let hold = LayerHold(directory) else { return nil }
    let inside = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return inside.first { $0.hasPrefix(Self.filesMark) }.map { Held(hold: hold, files: "\(directory)/\($0)") }
  }

  /// Where a build's files go. The name is the build's own: who still has the files of a layer that was removed and
  /// built again must not take them for the new ones.
  func files(in building: String) -> String { "\(building)/\(Self.filesMark)\(building.suffix(6))" }

  /// Notes that a layer is used now; false where there is none.
  func touch(_ name: String) -> Bool { unsafe utimensat(AT_FDCWD, "\(path)/\(name)/\(Self.noteName)", nil, 0) == 0 }

  /// Makes a directory for a build that this user alone may enter, and holds it. Throws `LayerDiskError`.
  func makeBuilding() throws -> (path: String, hold: LayerHold) {
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    // A process that starts just now may take it for a leftover.
    for _ in 0..<3 {
      let building = try makeDirectory(Self.buildingMark)
      if let hold = LayerHold(building) { return (building, hold) }
    }
    throw LayerDiskError("\(path): directories are removed while they are made")
  }

  /// Makes a build's directory the layer of that name. Where another process was first, its layer stays and the build's
  /// is removed. Throws where the disk does not take it.
  func publish(_ building: String, as name: String, request: [String], bytes: Int) throws {
    let note: JSONValue = ["request": .array(request.map { .string($0) }), "bytes": .integer(bytes)]
    let notePath = "\(building)/\(Self.noteName)"
    guard FileManager.default.createFile(atPath: notePath, contents: Data(note.encoded())) else {
      throw LayerDiskError("\(notePath) cannot be written")
    }
    _ = unsafe chmod(building, 0o755)
    if unsafe rename(building, "\(path)/\(name)") == 0 { return }
    guard errno == ENOTEMPTY || errno == EEXIST else { throw LayerDiskError(call: "rename", "\(path)/\(name)") }
    discard(building)
  }

  /// Removes the layers that were not used for longest, and that nobody holds, until so many bytes more make no more
  /// than `totalMax`; false where that cannot be. Returns the names of what was removed.
  func makeRoom(for bytes: Int, totalMax: Int) -> (isEnough: Bool, removed: [String]) {
    let layers = layers.sorted { $0.lastUse < $1.lastUse }
    var (sum, removed) = (layers.reduce(bytes) { $0 + $1.bytes }, [String]())
    for layer in layers where sum > totalMax && remove(layer.name) {
      sum -= layer.bytes
      removed.append(layer.name)
    }
    return (sum <= totalMax, removed)
  }

  /// Removes what earlier processes left behind: builds that nobody works on, and layers half removed.
  func removeLeftovers() {
    for entry in entries where entry.hasPrefix(Self.removedMark) || entry.hasPrefix(Self.buildingMark) {
      let directory = "\(path)/\(entry)"
      guard let hold = LayerHold(directory, alone: true) else { continue }
      withExtendedLifetime(hold) { discard(directory) }
    }
  }

  /// Removes a directory with all that is in it; what cannot be removed is left.
  func discard(_ directory: String) { try? FileManager.default.removeItem(atPath: directory) }

  /// Removes a layer unless somebody holds it: out of the way first, so that nobody finds half of it.
  private func remove(_ name: String) -> Bool {
    guard let hold = LayerHold("\(path)/\(name)", alone: true) else { return false }
    return withExtendedLifetime(hold) {
      guard let removed = try? makeDirectory(Self.removedMark) else { return false }
      defer { discard(removed) }
      return unsafe rename("\(path)/\(name)", removed) == 0
    }
  }

  private func makeDirectory(_ mark: String) throws -> String {
    var template = Array("\(path)/\(mark)XXXXXX\0".utf8CString)
    let isMade = unsafe template.withUnsafeMutableBufferPointer { buffer in
      unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) } != nil
    }
    guard isMade else { throw LayerDiskError(call: "mkdtemp", path) }
    return String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private var entries: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }

  private var layers: [(name: String, bytes: Int, lastUse: Double)] {
    entries.filter { $0.utf8.count == 64 }.compactMap { name in
      var found = stat()
      let note = "\(path)/\(name)/\(Self.noteName)"
      guard unsafe stat(note, &found) == 0, let data = FileManager.default.contents(atPath: note) else { return nil }
      let bytes = (try? JSONValue(parsing: Array(data)))?["bytes"]?.intValue ?? 0
      #if canImport(Darwin)
        let time = found.st_mtimespec
      #else
        let time = found.st_mtim
      #endif
      return (name, bytes, Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
    }
  }
}

/// The disk does not do what a layer needs.
struct LayerDiskError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// What a call of the system failed with just now.
  init(call: String, _ path: String) {
    let number = errno
    let words = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    description = "\(path): \(call): \(words)"
  }
}

/// Does work that blocks off the cooperative pool, to its end, whoever is cancelled.
func onDisk<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Result(catching: work)) }
  }
}
