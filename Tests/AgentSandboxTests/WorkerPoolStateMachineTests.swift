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
  static let newest: UInt32 = 1 | 1 << 8

  static func worker(_ id: UInt32, _ kind: UInt32 = 2) -> Worker { Worker(id: id, kind: kind, socket: Int32(id)) }

  @Test func aWaitingWorkerIsGivenAtOnce() throws {
    var pool = try Self.pool()
    let got1 = pool.ready(Self.worker(1), isCold: false)
    #expect(got1 == [])
    #expect(pool.status.languages[.typescript]?.idle == 1)
    let actions = pool.request(9, .javascript, version: nil, now: Self.start)
    #expect(actions == [.give(Self.worker(1), to: 9, isCold: false)])
    #expect(pool.status.languages[.javascript]?.busy == 1)
    #expect(!pool.isQuiet)
    let got2 = pool.ended(1)
    #expect(got2 == [])
    #expect(pool.isQuiet)
  }

  @Test func callsWaitInOrderAndWorkersAreAskedFor() throws {
    var pool = try Self.pool()
    let got3 = pool.request(1, .javascript, version: nil, now: Self.start)
    #expect(got3 == [.want(kind: 2, count: 1)])
    let got4 = pool.request(2, .typescript, version: nil, now: Self.start)
    #expect(got4 == [.want(kind: 2, count: 1)])
    let got5 = pool.ready(Self.worker(1), isCold: true)
    #expect(got5 == [.give(Self.worker(1), to: 1, isCold: true)])
    let got6 = pool.ready(Self.worker(2), isCold: false)
    #expect(got6 == [.give(Self.worker(2), to: 2, isCold: true)])
    #expect(pool.status.languages[.javascript]?.coldStarts == 2)
  }

  @Test func workersAreBoundedAndComeWhenOthersEnd() throws {
    var pool = try Self.pool { $0.workersMax = 1 }
    _ = pool.ready(Self.worker(1), isCold: false)
    _ = pool.request(1, .javascript, version: nil, now: Self.start)
    let got7 = pool.request(2, .javascript, version: nil, now: Self.start)
    #expect(got7 == [])
    let got8 = pool.ended(1)
    #expect(got8 == [.want(kind: 2, count: 1)])
  }

  @Test func theQueueIsBounded() throws {
    var pool = try Self.pool()
    for call in 1...3 { _ = pool.request(UInt64(call), .javascript, version: nil, now: Self.start) }
    guard case .refuse(4, let unavailable)? = pool.request(4, .javascript, version: nil, now: Self.start).first else {
      Issue.record("not refused")
      return
    }
    #expect(unavailable.message.contains("busy"))
    let got9 = pool.leave(2)
    #expect(got9)
    let left = pool.leave(2)
    #expect(!left)
    let got10 = pool.request(5, .javascript, version: nil, now: Self.start)
    #expect(got10.isEmpty)
  }

  @Test func waitingEndsByTheTime() throws {
    var pool = try Self.pool()
    _ = pool.request(1, .javascript, version: nil, now: Self.start)
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
    let got12 = pool.request(1, .python, version: nil, now: Self.start)
    #expect(got12 == [.want(kind: Self.newest, count: 1)])
    let got13 = pool.request(2, .python, version: "3.11", now: Self.start)
    #expect(got13 == [.want(kind: 1, count: 1)])
    guard case .refuse(3, let unavailable)? = pool.request(3, .python, version: "3.1", now: Self.start).first else {
      Issue.record("not refused")
      return
    }
    #expect(unavailable.message.contains("3.13.0, 3.11.2"))
  }

  @Test func beforeTheSupervisorIsUpCallsWait() throws {
    var pool = try Self.pool(up: false)
    #expect(pool.status.refusal != nil)
    let got14 = pool.request(1, .javascript, version: nil, now: Self.start)
    #expect(got14 == [])
    let got15 = pool.hello(try SandboxFacts(parsing: Array(Self.json.utf8)))
    #expect(got15 == [.want(kind: 2, count: 1)])
    #expect(pool.status.canRun)
    #expect(pool.status.enforcement["memory"] == "cgroup v1")
  }

  @Test func withoutIsolationNothingRuns() throws {
    var pool = try Self.pool(up: false)
    _ = pool.request(1, .javascript, version: nil, now: Self.start)
    let facts = try SandboxFacts(parsing: Array(#"{"isolation":"none","reason":"no namespaces","languages":{}}"#.utf8))
    let unavailable = SandboxUnavailable("Code cannot be run here: no namespaces")
    let got16 = pool.hello(facts)
    #expect(got16 == [.refuse(1, unavailable)])
    let got17 = pool.request(2, .python, version: nil, now: Self.start)
    #expect(got17 == [.refuse(2, unavailable)])
    #expect(pool.status.refusal == unavailable.message)
    #expect(!pool.status.canRun)
  }

  @Test func anInterpreterThatNeverStartedIsRefusedAndOneThatDidIsWaitedFor() throws {
    var pool = try Self.pool()
    _ = pool.request(1, .javascript, version: nil, now: Self.start)
    guard case .refuse(1, _)? = pool.fault(2, "no such file").first else {
      Issue.record("not refused")
      return
    }
    #expect(pool.status.languages[.typescript]?.refusal?.contains("no such file") == true)
    let got18 = pool.ready(Self.worker(1), isCold: false)
    #expect(got18 == [])
    #expect(pool.status.languages[.typescript]?.refusal == nil)
    _ = pool.request(2, .javascript, version: nil, now: Self.start)
    _ = pool.request(3, .javascript, version: nil, now: Self.start)
    let got19 = pool.fault(2, "for now")
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
    let got23 = pool.request(1, .javascript, version: nil, now: Self.start)
    #expect(got23 == [.want(kind: 2, count: 1)])
  }

  @Test func callsWaitForTheNextSupervisor() throws {
    var pool = try Self.pool()
    _ = pool.ready(Self.worker(1), isCold: false)
    _ = pool.ready(Self.worker(2), isCold: false)
    _ = pool.request(1, .javascript, version: nil, now: Self.start)
    let got24 = pool.supervisorEnded("gone")
    #expect(got24 == [.close(1)])
    #expect(!pool.status.canRun)
    let got25 = pool.request(2, .javascript, version: nil, now: Self.start)
    #expect(got25 == [])
    let got26 = pool.hello(try SandboxFacts(parsing: Array(Self.json.utf8)))
    #expect(got26 == [.want(kind: 2, count: 1)])
    let got27 = pool.ready(Self.worker(1), isCold: true)
    #expect(got27 == [.give(Self.worker(1), to: 2, isCold: true)])
  }
}

@Suite struct ControlPacketTests {
  @Test func requestsAreLittleEndianFields() {
    #expect(ControlRequest.kill(worker: 258).bytes == [2, 0, 0, 0, 2, 1, 0, 0])
    #expect(ControlRequest.want(kind: 1, count: 3).bytes.count == 12)
    #expect(
      ControlRequest.start(worker: 1, timeoutMilliseconds: 2, memoryMB: 3, outputKB: 4).bytes.prefix(5) == [
        1, 0, 0, 0, 1,
      ])
  }

  private static func fields(_ fields: UInt32...) -> [UInt8] {
    fields.flatMap { field in (0..<4).map { UInt8(truncatingIfNeeded: field >> ($0 * 8)) } }
  }

  @Test func packetsAreRead() {
    #expect(ControlPacket(Self.fields(100, 1) + [0x7B]) == .hello(json: [0x7B]))
    #expect(ControlPacket(Self.fields(101, 5, 2, 1, 0)) == .ready(worker: 5, kind: 2, isCold: true))
    #expect(ControlPacket(Self.fields(102, 5)) == .started(worker: 5))
    #expect(
      ControlPacket(Self.fields(103, 5, 2, 9, 10, 11, 12, 13, 14))
        == .ended(
          worker: 5,
          WorkerEnd(cause: .signal, code: 9, wallMicroseconds: 10, processorMicroseconds: 11, memoryPeakKB: 12)))
    #expect(ControlPacket(Self.fields(104, 5, 2) + [65]) == .output(worker: 5, isError: true, bytes: [65]))
    #expect(ControlPacket(Self.fields(105, 1) + Array("no".utf8)) == .fault(kind: 1, text: "no"))
  }

  @Test(arguments: [
    [], [1], fields(99), fields(100, 2), fields(101, 1), fields(103, 1, 77, 0, 0, 0, 0), fields(104, 1, 3), fields(102),
  ])
  func whatTheProtocolDoesNotHaveIsNothing(bytes: [UInt8]) {
    #expect(ControlPacket(bytes) == nil)
  }
}
