import Foundation

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
