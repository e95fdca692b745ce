import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder for one test.
struct TestFolder: Sendable {
  let root: URL

  func path(_ name: String) -> String { root.appending(path: name).path }

  func bytes(_ name: String) throws -> Data { try Data(contentsOf: root.appending(path: name)) }

  func write(_ bytes: Data, to name: String) throws { try bytes.write(to: root.appending(path: name)) }

  func copy(_ name: String, to other: String) throws { try write(try bytes(name), to: other) }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
}

/// Runs a test with a folder of its own and removes it.
func withFolder(_ body: (TestFolder) async throws -> Void) async throws {
  let root = FileManager.default.temporaryDirectory.appending(path: "apus-sqlite-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: root) }
  try await body(TestFolder(root: root.resolvingSymlinksInPath()))
}

/// Runs a program to its end and returns its exit status. Foundation's `Process` reads beyond its list of open
/// descriptors where other threads open and close files.
func runProgram(_ path: String, _ arguments: [String]) throws -> Int32 {
  var words = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
  defer { unsafe words.forEach { unsafe free($0) } }
  var child = pid_t()
  try #require(unsafe posix_spawn(&child, path, nil, nil, &words, environ) == 0)
  var status: Int32 = 0
  while unsafe waitpid(child, &status, 0) < 0 { try #require(errno == EINTR) }
  return status & 0x7f == 0 ? status >> 8 & 0xff : -1
}
