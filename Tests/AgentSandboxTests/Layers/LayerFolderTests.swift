import AgentRuntime
import Foundation
import Testing

@testable import AgentSandbox

@Suite(.timeLimit(.minutes(1)))
struct LayerFolderTests {
  /// A build that takes 1.2 MiB.
  private static let large = #"head -c 1258291 /dev/zero > "$out/data""#

  @Test func theLeastRecentlyUsedGoes() async throws {
    try await withLayers(Self.large) { harness in
      let store = harness.store { ($0.layerMaxMB, $0.totalMaxMB) = (2, 3) }
      let first = try await store.layer(LayerHarness.request(0)).path
      let second = try await store.layer(LayerHarness.request(1)).path
      for (path, hours) in [(first, 2.0), (second, 1.0)] {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: -3600 * hours)], ofItemAtPath: path + "/../layer.json")
      }
      #expect(try await store.layer(LayerHarness.request(0)).path == first)
      _ = try await store.layer(LayerHarness.request(2))
      let exist = FileManager.default.fileExists(atPath:)
      #expect(exist(first) && !exist(second) && harness.entries.count == 2)
      // Built again it is elsewhere: who still has the old files must not take them for these.
      #expect(try await store.layer(LayerHarness.request(1)).path != second)
    }
  }

  @Test func whatIsInUseStays() async throws {
    try await withLayers(Self.large) { harness in
      let store = harness.store { ($0.layerMaxMB, $0.totalMaxMB) = (2, 3) }
      var used = [
        try await store.layer(LayerHarness.request(0)), try await harness.store().layer(LayerHarness.request(1)),
      ]
      await #expect {
        try await store.layer(LayerHarness.request(2))
      } throws: { error in
        "\(error)".contains("CODE_LAYERS_MAX_MB (3 MB)")
      }
      #expect(used.allSatisfy { FileManager.default.fileExists(atPath: $0.path) } && harness.entries.count == 2)
      used.removeLast()
      _ = try await store.layer(LayerHarness.request(2))
      #expect(FileManager.default.fileExists(atPath: used[0].path) && harness.entries.count == 2)
    }
  }

  @Test func aLayerThatIsTooLargeIsRefused() async throws {
    try await withLayers(Self.large) { harness in
      let store = harness.store { $0.layerMaxMB = 1 }
      await #expect {
        try await store.layer(LayerHarness.request())
      } throws: { error in
        "\(error)".contains("takes 2 MB; CODE_LAYER_MAX_MB allows 1 MB") && error is CodeRefused
      }
      #expect(harness.entries.isEmpty)
    }
  }

  @Test func leftoversOfACrashGo() async throws {
    try await withLayers { harness in
      let store = harness.store()
      let layer = try await store.layer(LayerHarness.request())
      let folder = LayerFolder(path: harness.folder)
      let working = try folder.makeBuilding()
      for name in [".building-abcdef", ".removed-abcdef"] {
        try FileManager.default.createDirectory(
          atPath: "\(harness.folder)/\(name)/files-1/deep", withIntermediateDirectories: true)
      }
      try "x".write(toFile: harness.folder + "/.building-abcdef/files-1/deep/x", atomically: false, encoding: .utf8)
      await harness.store().removeLeftovers()
      // A build that another process works on is none.
      let left = withExtendedLifetime(working.hold) { harness.entries }
      #expect(left.count == 2 && left.contains(String(working.path.split(separator: "/").last ?? "")))
      #expect(FileManager.default.fileExists(atPath: layer.path))
    }
  }

  @Test func everybodyMayReadALayerAndNobodyWriteIt() async throws {
    let work = """
      umask 077
      mkdir "$out/inner" && echo 1 > "$out/inner/a.py" && echo 2 > "$out/tool" && chmod 4700 "$out/tool"
      mkfifo "$out/pipe" && ln -s inner/a.py "$out/link" && ln -s /etc "$out/away"
      """
    try await withLayers(work) { harness in
      let path = try await harness.store().layer(LayerHarness.request()).path
      func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path + name)[.posixPermissions] as? Int
      }
      #expect(
        try mode("") == 0o755 && mode("/inner") == 0o755 && mode("/inner/a.py") == 0o644 && mode("/tool") == 0o755)
      #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["away", "inner", "link", "tool"])
      #expect(
        try FileManager.default.attributesOfItem(atPath: harness.folder + "/" + harness.entries[0])[.posixPermissions]
          as? Int == 0o755)
    }
  }

  @Test func aRepositoryStandsBeforePackages() async throws {
    let work = """
      case "$out" in
      */repository) mkdir "$out/both" && echo repository > "$out/both/x" && echo > "$out/main.py" ;;
      *) mkdir "$out/both" "$out/dep" && echo package > "$out/both/x" ;;
      esac
      """
    try await withLayers(work) { harness in
      let repository = try LayerHarness.request().repository
      let request = CodeLayerRequest(
        language: .python, interpreter: "3.11.2", requirements: [try CodeRequirement("dep==1")], repository: repository)
      let path = try await harness.store().layer(request).path
      #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["both", "dep", "main.py"])
      #expect(try String(contentsOfFile: path + "/both/x", encoding: .utf8) == "repository\n")
      #expect(harness.builds.count == 2)
    }
  }

  @Test(arguments: [
    ("main.py", "text\n"), ("a/link.py", "text\n"), ("out.py", "leads out"), ("a/up.py", "leads out"),
    ("nothing.py", "not in that commit"), ("dangling.py", "not in that commit"), ("a", "no regular file"),
    ("large.py", "1048577 bytes; 1048576 are allowed"), ("binary.py", "not UTF-8"),
  ])
  func filesAreReadFromWithin(file: String, result: String) async throws {
    let work = #"""
      cd "$out" && echo text > main.py && mkdir a && ln -s ../main.py a/link.py && ln -s /etc/passwd out.py
      ln -s ../../secret a/up.py && echo secret > ../secret && ln -s nowhere dangling.py
      head -c 1048577 /dev/zero > large.py && printf '\377\376' > binary.py
      """#
    try await withLayers(work) { harness in
      let store = harness.store()
      let layer = try await store.layer(LayerHarness.request())
      try "secret".write(toFile: layer.path + "/../secret", atomically: false, encoding: .utf8)
      do {
        #expect(try await store.source(file, in: layer) == result)
      } catch let error as CodeRefused {
        #expect(error.description.contains(result) && error.reasons.first?.subject == .repository, "\(error)")
      }
    }
  }
}
