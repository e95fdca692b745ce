import AgentJSON
import AgentRuntime
import FoundationEssentials
import Testing

@testable import apus

@Suite struct YAMLFileFaultTests {
  static let text = """
    # Two models.
    models:
      main:
        upstreams:
          - url: http://one
            weight: heavy
          -
            url: 5
      spare: &spare
        limits:
          requests_per_minute: 0
      other: *spare
    """

  @Test(
    arguments: [
      ([], 1), ([.key("models")], 2), ([.key("models"), .key("main")], 3),
      ([.key("models"), .key("main"), .key("upstreams"), .index(0)], 5),
      ([.key("models"), .key("main"), .key("upstreams"), .index(0), .key("weight")], 6),
      ([.key("models"), .key("main"), .key("upstreams"), .index(1), .key("url")], 8),
      // What is missing is missing where its parent stands.
      ([.key("models"), .key("main"), .key("limits")], 3), ([.key("none"), .key("deeper")], 1),
      ([.key("models"), .key("main"), .key("upstreams"), .index(7)], 4),
      ([.key("models"), .key("main"), .key("upstreams"), .key("url")], 4),
      // What an alias repeats stands where it is written.
      ([.key("models"), .key("other")], 12), ([.key("models"), .key("other"), .key("limits")], 10),
    ] as [([Fault.Step], Int)])
  func everyPathHasALine(_ path: [Fault.Step], _ line: Int) throws {
    #expect(try YAMLFile(name: "models.yaml", text: Self.text).line(of: path) == (path.isEmpty ? 2 : max(2, line)))
  }

  @Test func aDecodersFaultsAreToldAllAtOnce() throws {
    let file = try YAMLFile(name: "conf/models.yaml", text: Self.text)
    do {
      _ = try file.decode { reader in
        reader.faultHere("'toolsets' is missing", "missing")
        var models = ObjectReader(reader.object("models") ?? [:], path: [.key("models")])
        models.fault("nothing", "is missing; an object is needed", "missing")
        var main = ObjectReader(models.object("main") ?? [:], path: models.path + [.key("main")])
        for (index, upstream) in (main.array("upstreams") ?? []).enumerated() {
          var own = ObjectReader(upstream.objectValue ?? [:], path: main.path + [.key("upstreams"), .index(index)])
          _ = own.string("url")
          _ = own.integer("weight")
          reader.add(own.faults)
        }
        reader.add(models.faults)
      }
      Issue.record("decoded")
    } catch {
      #expect(
        error.description == """
          conf/models.yaml:2: 'toolsets' is missing
          conf/models.yaml:2: models.nothing: is missing; an object is needed
          conf/models.yaml:6: models.main.upstreams[0].weight: "heavy" is not a whole number
          conf/models.yaml:8: models.main.upstreams[1].url: 5 is not a string
          """)
    }
  }

  @Test(arguments: [("", "nothing"), ("[]", "array"), ("x", "string")])
  func aFileThatHoldsNoMappingIsRefused(_ text: String, _ found: String) throws {
    let file = try YAMLFile(name: "f", text: text)
    do {
      _ = try file.object()
      Issue.record("an object")
    } catch {
      #expect(error.description.hasPrefix("f:1: the file holds ") && error.description.contains(found))
    }
  }

  @Test func nothingThatATerminalObeysIsTold() {
    let error = ConfigurationFileError(file: "f", problems: [.init(line: 3, path: "a\u{1B}[2J", message: "x\ny")])
    #expect(error.lines.count == 1 && error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 })
  }

  private func inFolder(_ use: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "apus-yaml-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try use(folder)
  }

  private func refusal(_ url: URL) -> String {
    do {
      _ = try YAMLFile.read(url.path)
      return ""
    } catch {
      return error.description
    }
  }

  @Test func filesAreReadThroughLinks() throws {
    try inFolder { folder in
      let (file, link) = (folder.appending(path: "a.yaml"), folder.appending(path: "link.yaml"))
      try Data("\u{FEFF}a: 1\n".utf8).write(to: file)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
      for url in [file, link] { #expect(try YAMLFile.read(url.path).value == ["a": 1]) }
    }
  }

  @Test func filesThatCannotBeReadAreRefused() throws {
    try inFolder { folder in
      let (large, binary) = (folder.appending(path: "large.yaml"), folder.appending(path: "binary.yaml"))
      try Data(repeating: UInt8(ascii: "#"), count: YAMLFile.bytesMax + 1).write(to: large)
      try Data([0x61, 0x3A, 0x20, 0xFF]).write(to: binary)
      #expect(refusal(large).hasSuffix("has 1048577 bytes; up to 1048576 are allowed"))
      #expect(refusal(binary) == "\(binary.path): is not UTF-8 text")
      #expect(refusal(folder).hasSuffix("is not a regular file"))
      #expect(refusal(URL(filePath: "/dev/zero")).hasSuffix("is not a regular file"))
      #expect(refusal(folder.appending(path: "none")).hasSuffix("does not exist"))
    }
  }
}
