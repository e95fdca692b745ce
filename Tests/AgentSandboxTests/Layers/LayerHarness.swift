import AgentRuntime
import Foundation
import Testing

@testable import AgentSandbox

/// A folder of layers, and a supervisor that is a few lines of shell: it isolates nothing, and does what a test says.
struct LayerHarness: Sendable {
  let here: String
  /// Where layers are.
  var folder: String { here + "/layers" }

  /// `work` is run as a build, with its directory in `$out`.
  init(_ work: String = #"echo "x = 1" > "$out/module.py""#) throws {
    here = FileManager.default.temporaryDirectory.path + "/apus-layers-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: here, withIntermediateDirectories: true)
    try script(
      "supervisor",
      """
      here='\(here)'
      while [ "$1" != -- ]; do
        if [ "$1" = --out ]; then out="$2"; fi
        if [ "$1" = --ro ]; then ro="$2"; fi
        shift
      done
      printf '%s\\n' "$(echo "$*" | tr '\\n' ' ')" >> "$here/builds"
      \(work)
      """)
    try script("python", #"echo '{"executable": "/x/python", "version": "3.11.2", "pip": "23", "folders": ["/x"]}'"#)
  }

  /// Says that a build has begun, and waits until it may go on.
  static let gated = """
    echo >> "$here/started"
    while [ ! -e "$here/gate" ]; do sleep 0.01; done
    echo "x = 1" > "$out/module.py"
    """

  func script(_ name: String, _ text: String) throws {
    try "#!/bin/sh\n\(text)\n".write(toFile: "\(here)/\(name)", atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(here)/\(name)")
  }

  func store(_ change: (inout LayerStore.Configuration) -> Void = { _ in }) -> LayerStore {
    var configuration = LayerStore.Configuration(
      folder: folder, supervisor: here + "/supervisor", pythons: [here + "/python"],
      index: PackageIndex(url: "https://index.example/simple", user: "me:secret"),
      hosts: [CodeHost("git.example.com")].compactMap { $0 })
    change(&configuration)
    return LayerStore(configuration)
  }

  /// Waits until so many builds have begun.
  func started(_ count: Int = 1) async throws {
    try await until { (FileManager.default.contents(atPath: here + "/started")?.count ?? 0) >= count }
  }

  /// Lets builds go on.
  func open() throws { try "".write(toFile: here + "/gate", atomically: false, encoding: .utf8) }

  /// What was run, a line each.
  var builds: [String] {
    let text = (try? String(contentsOfFile: here + "/builds", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map(String.init)
  }

  /// What is in the folder.
  var entries: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() }

  func remove() { try? FileManager.default.removeItem(atPath: here) }

  /// One of many repositories.
  static func request(_ number: Int = 0) throws -> CodeLayerRequest {
    let commit = String(repeating: "0", count: 38) + "\(10 + number)"
    let repository = try #require(CodeRepository(url: "https://git.example.com/b", commit: commit))
    return CodeLayerRequest(language: .python, interpreter: "3.11.2", requirements: [], repository: repository)
  }
}

/// Runs a test with a harness that is gone afterwards.
func withLayers(
  _ work: String? = nil, _ body: (LayerHarness) async throws -> Void
) async throws {
  let harness = try work.map { try LayerHarness($0) } ?? LayerHarness()
  defer { harness.remove() }
  try await body(harness)
}

/// Waits until something is true.
func until(_ isTrue: () -> Bool) async throws {
  while !isTrue() {
    try Task.checkCancellation()
    try await Task.sleep(for: .milliseconds(1))
  }
}
