import AgentRuntime
import Testing

@testable import AgentSandbox

@Suite struct WorkerPoolStateMachineTests {
  typealias Worker = WorkerPoolStateMachine.Worker
  static let start = ContinuousClock.now
  static let json = #"""
    {"isolation":"userns","reason":null,"memory":"cgroup1","pids":"rlimit","cpu":"rlimit",
    "languages":{"python":{"versions":["3.11.2","3.13.0"]},"javascript":{"engine":"deno 2.9.8"}}}
    """#

  static func pool(
    up: Bool = true, _ change: (inout SandboxConfiguration) -> Void = { _ in }
  ) throws -> WorkerPoolStateMachine {
    var configuration = SandboxConfiguration(supervisorPath: "/s")
    configuration.workersMax = 4
    configuration.waitingMax = 3
    configuration.waitMax = .seconds(10)
    configuration.pythonPool = 2
    change(&configuration)
    var pool = WorkerPoolStateMachine(configuration)
    if up { #expect(pool.hello(try SandboxFacts(parsing: Array(json.utf8))) == []) }
    return pool
  }

  /// The kind of the newest Python of the facts above, which is the second of them.
  static let newest = WorkerKind(language: 1 | 1 << 8)

  static func worker(_ id: UInt32, _ language: UInt32 = 2, layer: UInt32 = 0) -> Worker {
    Worker(id: id, kind: WorkerKind(language: language, layer: layer), socket: Int32(id))
  }

  static func program(
    _ language: SandboxLanguage, version: String? = nil, layer: String? = nil
  ) -> SandboxProgram {
    SandboxProgram(language: language, version: version, source: "", layer: layer.map { SandboxLayer(path: $0) })
  }

  @Test func aWaitingWorkerIsGivenAtOnce() throws {
    var pool = try Self.pool()
    let got1 = pool.ready(Self.worker(1), isCold: false)
    #expect(got1 == [])
    #expect(pool.status.languages[.typescript]?.idle == 1)
    let actions = pool.request(9, Self.program(.javascript), now: Self.start)
    #expect(actions == [.give(Self.worker(1), to: 9, isCold: false)])
    #expect(pool.status.languages[.javascript]?.busy == 1)
    #expect(!pool.isQuiet)
    let got2 = pool.ended(1)
    #expect(got2 == [])
    #expect(pool.isQuiet)
  }

  @Test func callsWaitInOrderAndWorkersAreAskedFor() throws {
    var pool = try Self.pool()
    let got3 = pool.request(1, Self.program(.javascript), now: Self.start)
    #expect(got3 == [.want(kind: WorkerKind(language: 2), count: 1)])
    let got4 = pool.request(2, Self.program(.typescript), now: Self.start)
    #expect(got4 == [.want(kind: WorkerKind(language: 2), count: 1)])
    let got5 = pool.ready(Self.worker(1), isCold: true)
    #expect(got5 == [.give(Self.worker(1), to: 1, isCold: true)])
    let got6 = pool.ready(Self.worker(2), isCold: false)
    #expect(got6 == [.give(Self.worker(2), to: 2, isCold: true)])
    #expect(pool.status.languages[.javascript]?.coldStarts == 2)
  }

  @Test func workersAreBoundedAndComeWhenOthersEnd() throws {
    var pool = try Self.pool { $0.workersMax = 1 }
    _ = pool.ready(Self.worker(1), isCold: false)
    _ = pool.request(1, Self.program(.javascript), now: Self.start)
    let got7 = pool.request(2, Self.program(.javascript), now: Self.start)
    #expect(got7 == [])
    let got8 = pool.ended(1)
    #expect(got8 == [.want(kind: WorkerKind(language: 2), count: 1)])
  }

  @Test func theQueueIsBounded() throws {
    var pool = try Self.pool()
    for call in 1...3 { _ = pool.request(UInt64(call), Self.program(.javascript), now: Self.start) }
    let refused = pool.request(4, Self.program(.javascript), now: Self.start).first
    guard case .refuse(4, let unavailable)? = refused else {
      Issue.record("not refused")
      return
    }
    #expect(unavailable.message.contains("busy"))
    let got9 = pool.leave(2)
    #expect(got9)
    let left = pool.leave(2)
    #expect(!left)
    let got10 = pool.request(5, Self.program(.javascript), now: Self.start)
    #expect(got10.isEmpty)
  }

  @Test func layersHaveWorkersOfTheirOwn() throws {
    var pool = try Self.pool()
    _ = pool.ready(Self.worker(1), isCold: false)
    let first = pool.request(1, Self.program(.javascript, layer: "/a"), now: Self.start)
    let second = pool.request(2, Self.program(.javascript, layer: "/b"), now: Self.start)
    #expect(first == [.want(kind: WorkerKind(language: 2, layer: 1), count: 1)])
    #expect(second == [.want(kind: WorkerKind(language: 2, layer: 2), count: 1)])
    #expect(pool.path(ofLayer: 2) == "/b" && pool.path(ofLayer: 0) == nil)
    let plain = pool.request(3, Self.program(.javascript), now: Self.start)
    #expect(plain == [.give(Self.worker(1), to: 3, isCold: false)])
    let given = pool.ready(Self.worker(2, layer: 2), isCold: true)
    #expect(given == [.give(Self.worker(2, layer: 2), to: 2, isCold: true)])
    let refused = pool.fault(WorkerKind(language: 2, layer: 1), "no folder")
    guard case .refuse(1, _)? = refused.first else {
      Issue.record("\(refused)")
      return
    }
    #expect(pool.status.languages[.javascript]?.refusal == nil)
    // Nobody uses it any more: it is forgotten.
    _ = pool.ended(2)
    #expect(pool.path(ofLayer: 2) == nil)
  }

  @Test func waitingEndsByTheTime() throws {
    var pool = try Self.pool()
    _ = pool.request(1, Self.program(.javascript), now: Self.start)
    let got11 = pool.tick(Self.start + .seconds(9))
    #expect(got11 == [])
    guard case .refuse(1, let unavailable)? = pool.tick(Self.start + .seconds(10)).first else {
      Issue.record("not refused")
      return
    }
    #expect(unavailable.message.contains("javascript"))
    #expect(pool.isQuiet)
  }

  @Test func versionsAreTakenByPrefix() throws {
    var pool = try Self.pool()
    let got12 = pool.request(1, Self.program(.python), now: Self.start)
    #expect(got12 == [.want(kind: Self.newest, count: 1)])
    let got13 = pool.request(2, Self.program(.python, version: "3.11"), now: Self.start)
    #expect(got13 == [.want(kind: WorkerKind(language: 1), count: 1)])
    let refused = pool.request(3, Self.program(.python, version: "3.1"), now: Self.start).first
    guard case .refuse(3, let unavailable)? = refused else {
      Issue.record("not refused")
      return
    }
    #expect(unavailable.message.contains("3.13.0, 3.11.2"))
  }

  @Test func beforeTheSupervisorIsUpCallsWait() throws {
    var pool = try Self.pool(up: false)
    #expect(pool.status.refusal != nil)
    let got14 = pool.request(1, Self.program(.javascript), now: Self.start)
    #expect(got14 == [])
    let got15 = pool.hello(try SandboxFacts(parsing: Array(Self.json.utf8)))
    #expect(got15 == [.want(kind: WorkerKind(language: 2), count: 1)])
    #expect(pool.status.canRun)
    #expect(pool.status.enforcement["memory"] == "cgroup v1")
  }

  @Test func withoutIsolationNothingRuns() throws {
    var pool = try Self.pool(up: false)
    _ = pool.request(1, Self.program(.javascript), now: Self.start)
    let facts = try SandboxFacts(parsing: Array(#"{"isolation":"none","reason":"no namespaces","languages":{}}"#.utf8))
    let unavailable = SandboxUnavailable("Code cannot be run here: no namespaces")
    let got16 = pool.hello(facts)
    #expect(got16 == [.refuse(1, unavailable)])
    let got17 = pool.request(2, Self.program(.python), now: Self.start)
    #expect(got17 == [.refuse(2, unavailable)])
    #expect(pool.status.refusal == unavailable.message)
    #expect(!pool.status.canRun)
  }

  @Test func anInterpreterThatNeverStartedIsRefusedAndOneThatDidIsWaitedFor() throws {
    var pool = try Self.pool()
    _ = pool.request(1, Self.program(.javascript), now: Self.start)
    guard case .refuse(1, _)? = pool.fault(WorkerKind(language: 2), "no such file").first else {
      Issue.record("not refused")
      return
    }
    #expect(pool.status.languages[.typescript]?.refusal?.contains("no such file") == true)
    let got18 = pool.ready(Self.worker(1), isCold: false)
    #expect(got18 == [])
    #expect(pool.status.languages[.typescript]?.refusal == nil)
    _ = pool.request(2, Self.program(.javascript), now: Self.start)
    _ = pool.request(3, Self.program(.javascript), now: Self.start)
    let got19 = pool.fault(WorkerKind(language: 2), "for now")
    #expect(got19 == [])
  }

  @Test func whatABurstLeavesIsNotKept() throws {
    var pool = try Self.pool { $0.denoPool = 1 }
    let got20 = pool.ready(Self.worker(1), isCold: true)
    #expect(got20 == [])
    let got21 = pool.ready(Self.worker(2), isCold: true)
    #expect(got21 == [.discard(Self.worker(2))])
  }

  @Test func aWorkerThatDiesWaitingIsForgotten() throws {
    var pool = try Self.pool()
    _ = pool.ready(Self.worker(1), isCold: false)
    let got22 = pool.ended(1)
    #expect(got22 == [.close(1)])
    let got23 = pool.request(1, Self.program(.javascript), now: Self.start)
    #expect(got23 == [.want(kind: WorkerKind(language: 2), count: 1)])
  }

  @Test func callsWaitForTheNextSupervisor() throws {
    var pool = try Self.pool()
    _ = pool.ready(Self.worker(1), isCold: false)
    _ = pool.ready(Self.worker(2), isCold: false)
    _ = pool.request(1, Self.program(.javascript), now: Self.start)
    let got24 = pool.supervisorEnded("gone")
    #expect(got24 == [.close(1)])
    #expect(!pool.status.canRun)
    let got25 = pool.request(2, Self.program(.javascript), now: Self.start)
    #expect(got25 == [])
    let got26 = pool.hello(try SandboxFacts(parsing: Array(Self.json.utf8)))
    #expect(got26 == [.want(kind: WorkerKind(language: 2), count: 1)])
    let got27 = pool.ready(Self.worker(1), isCold: true)
    #expect(got27 == [.give(Self.worker(1), to: 2, isCold: true)])
  }
}

@Suite struct ControlPacketTests {
  @Test func requestsAreLittleEndianFields() {
    #expect(ControlRequest.kill(worker: 258).bytes == [2, 0, 0, 0, 2, 1, 0, 0])
    #expect(ControlRequest.want(language: 1, count: 3).bytes.count == 12)
    #expect(ControlRequest.result(worker: 258).bytes == [5, 0, 0, 0, 2, 1, 0, 0])
    let layer = ControlRequest.wantLayer(language: 1, count: 1, id: 7, path: "/l")
    #expect(layer.bytes == Self.fields(4, 1, 1, 7) + Array("/l".utf8))
    let start = ControlRequest.start(worker: 1, timeoutMilliseconds: 2, memoryMB: 3, outputKB: 4, request: [9, 8])
    #expect(start.bytes == Self.fields(1, 1, 2, 3, 4) + [9, 8])
  }

  private static func fields(_ fields: UInt32...) -> [UInt8] {
    fields.flatMap { field in (0..<4).map { UInt8(truncatingIfNeeded: field >> ($0 * 8)) } }
  }

  @Test func packetsAreRead() {
    #expect(ControlPacket(Self.fields(100, 2) + [0x7B]) == .hello(json: [0x7B]))
    #expect(ControlPacket(Self.fields(101, 5, 2, 1, 0)) == .ready(worker: 5, language: 2, isCold: true, layer: 0))
    let settled = WorkerEnd(cause: .settled, wallMicroseconds: 3, processorMicroseconds: 2, memoryPeakKB: 9)
    #expect(ControlPacket(Self.fields(106, 5, 3, 2, 9, 0, 0)) == .settled(worker: 5, settled))
    #expect(ControlPacket(Self.fields(102, 5, 7)) == .started(worker: 5, written: 7))
    #expect(
      ControlPacket(Self.fields(103, 5, 2, 9, 10, 11, 12, 13, 14))
        == .ended(
          worker: 5,
          WorkerEnd(cause: .signal, code: 9, wallMicroseconds: 10, processorMicroseconds: 11, memoryPeakKB: 12)))
    #expect(ControlPacket(Self.fields(104, 5, 2) + [65]) == .output(worker: 5, isError: true, bytes: [65]))
    #expect(
      ControlPacket(Self.fields(105, 1, 4) + Array("no".utf8)) == .fault(language: 1, layer: 4, text: "no"))
  }

  @Test(arguments: [
    [], [1], fields(99), fields(100, 1), fields(101, 1), fields(102, 1), fields(103, 1, 77, 0, 0, 0, 0),
    fields(104, 1, 3),
  ])
  func whatTheProtocolDoesNotHaveIsNothing(bytes: [UInt8]) {
    #expect(ControlPacket(bytes) == nil)
  }
}
