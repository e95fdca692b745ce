import Foundation

/// A pipe whose both ends the test holds.
struct LogPipe {
  let readEnd: FileHandle
  let writeEnd: CInt

  init(nonBlocking: Bool = false) throws {
    var ends: [CInt] = [0, 0]
    guard unsafe pipe(&ends) == 0 else { throw CocoaError(.fileNoSuchFile) }
    readEnd = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
    writeEnd = ends[1]
    if nonBlocking { _ = fcntl(writeEnd, F_SETFL, O_NONBLOCK) }
  }

  func closeWriteEnd() { _ = close(writeEnd) }

  /// All that comes until the writing end is closed.
  func readToEnd() throws -> [UInt8] { Array(try readEnd.readToEnd() ?? Data()) }

  /// What one call of read(2) takes, up to so many bytes; it waits for the first.
  func read(max: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max)
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe Foundation.read(readEnd.fileDescriptor, buffer.baseAddress, buffer.count)
    }
    return Array(bytes.prefix(Swift.max(0, count)))
  }
}

/// A file that has a descriptor, but no name.
struct LogFile {
  let handle: FileHandle

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "apus-log-\(UUID())")
    try Data().write(to: url)
    handle = try FileHandle(forUpdating: url)
    try FileManager.default.removeItem(at: url)
  }

  func readAll() throws -> [UInt8] {
    try handle.seek(toOffset: 0)
    return Array(try handle.readToEnd() ?? Data())
  }
}

/// Runs the body on that many threads and waits for all.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let group = DispatchGroup()
  for index in 0..<count {
    group.enter()
    Thread.detachNewThread {
      body(index)
      group.leave()
    }
  }
  group.wait()
}

/// The lines of a text that ends with a line feed.
func lines(_ bytes: [UInt8]) -> [String] {
  String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    .map(String.init)
}
