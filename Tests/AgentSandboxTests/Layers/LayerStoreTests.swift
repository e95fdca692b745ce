import AgentRuntime
import Foundation
import Testing

@testable import AgentSandbox

@Suite(.timeLimit(.minutes(1)))
struct LayerStoreTests {
  @Test func aLayerIsBuiltOnce() async throws {
    try await withLayers { harness in
      let store = harness.store()
      let layer = try await store.layer(LayerHarness.request())
      #expect(try String(contentsOfFile: layer.path + "/module.py", encoding: .utf8) == "x = 1\n")
      #expect(try await store.layer(LayerHarness.request()) == layer)
      #expect(try await harness.store().layer(LayerHarness.request()) == layer)
      #expect(harness.builds.count == 1 && harness.entries.count == 1 && harness.entries.first?.count == 64)
    }
  }

  @Test func allWhoAskAtOnceGetOneBuild() async throws {
    try await withLayers(LayerHarness.gated) { harness in
      let store = harness.store()
      let paths = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<5 { group.addTask { try await store.layer(LayerHarness.request()).path } }
        try await harness.started()
        try await until { store.waitersCount == 5 }
        try harness.open()
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(paths.count == 1 && harness.builds.count == 1)
    }
  }

  @Test func whoLeavesDoesNotTakeTheBuildAlong() async throws {
    try await withLayers(LayerHarness.gated) { harness in
      let store = harness.store()
      let (leaving, staying) = (
        Task { try await store.layer(LayerHarness.request()) }, Task { try await store.layer(LayerHarness.request()) }
      )
      try await harness.started()
      try await until { store.waitersCount == 2 }
      leaving.cancel()
      await #expect(throws: CancellationError.self) { try await leaving.value }
      try harness.open()
      #expect(try await FileManager.default.fileExists(atPath: staying.value.path))
      #expect(harness.builds.count == 1)
    }
  }

  @Test func whenAllHaveLeftTheBuildEnds() async throws {
    try await withLayers(#"echo $$ > "$here/pid"; \#(LayerHarness.gated)"#) { harness in
      let store = harness.store()
      let leaving = Task { try await store.layer(LayerHarness.request()) }
      try await harness.started()
      leaving.cancel()
      await #expect(throws: CancellationError.self) { try await leaving.value }
      try await until { store.isIdle }
      #expect(harness.entries.isEmpty)
      let pid = try String(contentsOfFile: harness.here + "/pid", encoding: .utf8)
      #expect(!FileManager.default.fileExists(atPath: "/proc/\(pid.trimmingCharacters(in: .whitespacesAndNewlines))"))
      // Who comes then gets a build of its own.
      let coming = Task { try await store.layer(LayerHarness.request()) }
      try await harness.started(2)
      try harness.open()
      _ = try await coming.value
      #expect(harness.builds.count == 2 && harness.entries.count == 1)
    }
  }

  @Test func twoProcessesMayBuildTheSame() async throws {
    try await withLayers(LayerHarness.gated) { harness in
      let stores = [harness.store(), harness.store()]
      let builds = stores.map { store in Task { try await store.layer(LayerHarness.request()) } }
      try await harness.started(2)
      try harness.open()
      let paths = try await [builds[0].value.path, builds[1].value.path]
      #expect(paths[0] == paths[1] && FileManager.default.fileExists(atPath: paths[0]))
      #expect(harness.builds.count == 2 && harness.entries.count == 1)
    }
  }

  @Test func onlySoManyBuildsWait() async throws {
    try await withLayers(LayerHarness.gated) { harness in
      let store = harness.store { ($0.buildsMax, $0.queueMax) = (1, 2) }
      let tasks = try (0..<2).map { number in
        let request = try LayerHarness.request(number)
        return Task { try await store.layer(request) }
      }
      try await harness.started()
      try await until { store.waitersCount == 2 }
      await #expect(throws: CodeSupplyUnavailable("2 builds wait already")) {
        try await store.layer(LayerHarness.request(2))
      }
      try harness.open()
      for task in tasks { _ = try await task.value }
      #expect(harness.entries.count == 2)
    }
  }

  @Test(arguments: [
    (73, "CODE_LAYER_MAX_MB allows (256 MB)", true), (74, "too much memory", true), (75, "in time", false),
    (69, "in isolation", false), (128, "it is not there", true), (127, "git is missing", false),
  ])
  func howABuildFails(code: Int, words: String, isRefusal: Bool) async throws {
    try await withLayers(#"echo "fatal: it is not there" >&2; exit \#(code)"#) { harness in
      let error = await #expect(throws: (any Error).self) {
        try await harness.store().layer(LayerHarness.request())
      }
      let told = try #require(error)
      #expect("\(told)".contains(words) && (told is CodeRefused) == isRefusal, "\(told)")
      #expect(harness.entries.isEmpty)
    }
  }

  @Test func withoutASupervisorNothingIsBuilt() async throws {
    try await withLayers { harness in
      for supervisor in [nil, harness.here + "/nothing"] {
        await #expect(throws: CodeSupplyUnavailable.self) {
          try await harness.store { $0.supervisor = supervisor }.layer(LayerHarness.request())
        }
      }
      #expect(harness.entries.isEmpty)
    }
  }

  @Test func aFolderThatCannotBeWrittenIsTold() async throws {
    try await withLayers { harness in
      let store = harness.store { $0.folder = "/proc/apus" }
      await #expect(throws: CodeSupplyUnavailable.self) { try await store.layer(LayerHarness.request()) }
    }
  }
}

/// Packages: what pip is told, and what it does not find.
@Suite(.timeLimit(.minutes(1)))
struct LayerPackageTests {
  private func request(_ texts: String..., interpreter: String = "3.11.9") throws -> CodeLayerRequest {
    let requirements = try texts.map { try CodeRequirement($0) }
    return CodeLayerRequest(language: .python, interpreter: interpreter, requirements: requirements)
  }

  @Test func pipGetsNoSecretInItsArguments() async throws {
    try await withLayers(#"cp "$here"/layers/.building-*/input/requirements.txt "$here/seen"; echo > "$out/a.py""#) {
      harness in
      _ = try await harness.store().layer(request("b==2", "a[x]==1"))
      let command = try #require(harness.builds.first)
      #expect(command.contains("/x/python -I -B -m pip --isolated install") && command.contains("--only-binary :all:"))
      #expect(!command.contains("secret"))
      #expect(
        try String(contentsOfFile: harness.here + "/seen", encoding: .utf8)
          == "--index-url https://me:secret@index.example/simple\na[x]==1\nb==2\n")
      let name = try #require(harness.entries.first)
      let note = try String(contentsOfFile: "\(harness.folder)/\(name)/layer.json", encoding: .utf8)
      #expect(note.contains("package a[x]==1") && !note.contains("secret"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(harness.folder)/\(name)").count == 2)
    }
  }

  @Test func allThatIsMissingIsTold() async throws {
    let work = """
      for name in a c; do
        if grep -q "^$name==" "$here"/layers/.building-*/input/requirements.txt; then
          echo "ERROR: No matching distribution found for $name==1" >&2
          exit 1
        fi
      done
      """
    try await withLayers(work) { harness in
      let error = await #expect(throws: CodeRefused.self) {
        try await harness.store().layer(request("a==1", "b==1", "c==1"))
      }
      let missing = try ["a==1", "c==1"].map { CodeRefused.Reason.Subject.requirement(try CodeRequirement($0)) }
      #expect(error?.reasons.map(\.subject) == missing && harness.builds.count == 3)
    }
  }

  @Test func aPythonOfAnotherVersionOrWithoutPipIsNotUsed() async throws {
    try await withLayers { harness in
      try harness.script("bare", #"echo '{"executable": "/y", "version": "3.13.0", "pip": null}'"#)
      let store = harness.store { $0.pythons = [harness.here + "/bare", harness.here + "/python", "/nowhere/python"] }
      let error = await #expect(throws: CodeSupplyUnavailable.self) {
        try await store.layer(request("a==1", interpreter: "3.13.0"))
      }
      let message = try #require(error?.message)
      #expect(
        message.contains("bare has no pip") && message.contains("python is Python 3.11.2, and the code runs on 3.13"))
      #expect(message.contains("/nowhere/python cannot be run") && message.contains("CODE_PIP"))
      #expect(harness.builds.isEmpty && harness.entries.isEmpty)
    }
  }

  @Test func itIsTriedBeforeItIsNeeded() async throws {
    try await withLayers { harness in
      let found = await harness.store().diagnose(interpreter: "3.11.2")
      #expect(found.map(\.remedy) == [nil, nil] && harness.entries.isEmpty)
      #expect(
        found[0].text.contains("https://index.example/simple by pip 23") && found[1].text.contains("git.example.com"))
      try harness.script("supervisor", "echo 'no user namespaces' >&2; exit 69")
      let refused = await harness.store().diagnose(interpreter: "3.11.2")
      #expect(refused.count == 1 && refused[0].text.contains("no user namespaces") && refused[0].remedy != nil)
    }
  }
}
