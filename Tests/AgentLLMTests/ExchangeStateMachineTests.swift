import NIOCore
import NIOHTTP1
import Testing

@testable import AgentHTTP

@Suite(.timeLimit(.minutes(2))) struct ExchangeStateMachineTests {
  private typealias Machine = ExchangeStateMachine<Int>
  private let start = NIODeadline.uptimeNanoseconds(0)
  private let head = AnswerHead(HTTPResponseHead(version: .http1_1, status: .ok))

  private func machine() -> Machine { Machine(timeout: .seconds(60), now: start) }
  private func at(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }
  private func buffer(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 7, count: count) }

  private func take(_ machine: inout Machine) -> (count: Int?, resumes: Bool) {
    let (read, effects) = machine.takeBytes()
    if case .bytes(let bytes) = read { return (bytes.readableBytes, effects.resumes) }
    return (nil, effects.resumes)
  }

  private func receiving() -> Machine {
    var machine = machine()
    _ = machine.received(head, at: start)
    return machine
  }

  @Test func waiterIsWokenByWhatItWaitsFor() {
    var machine = machine()
    #expect(machine.wait(for: .head, 1, at: start).wake == nil)
    #expect(machine.received(head, at: start).wake == 1)
    #expect(machine.wait(for: .bytes, 2, at: start).wake == nil)
    #expect(machine.received(buffer(3), at: start).wake == 2)
    #expect(machine.received(buffer(4), at: start).wake == nil)
    // Both parts had arrived when the reader came.
    #expect(take(&machine).count == 7)
    #expect(machine.wait(for: .bytes, 3, at: start).wake == nil)
    let end = machine.receivedEnd()
    #expect(end.wake == 3)
    #expect(end.stopsTimer)
    guard case .end = machine.takeBytes().0 else {
      Issue.record("no end")
      return
    }
    #expect(machine.wait(for: .bytes, 4, at: start).wake == 4)
  }

  @Test func slowReaderPausesTheUpstream() {
    var machine = receiving()
    #expect(!machine.received(buffer(Machine.pendingMax), at: start).pauses)
    #expect(machine.received(buffer(1), at: start).pauses)
    let taken = take(&machine)
    #expect(taken == (Machine.pendingMax + 1, true))
    #expect(!machine.received(buffer(1), at: start).pauses)
    #expect(take(&machine) == (1, false))
  }

  @Test func wholeBodyIsReadUpToItsMax() throws {
    var machine = receiving()
    #expect(machine.wait(for: .whole(bytesMax: 100_000), 1, at: start).wake == nil)
    let part = machine.received(buffer(100_000), at: start)
    #expect(part.wake == nil && !part.pauses)
    #expect(machine.receivedEnd().wake == 1)
    #expect(try machine.takeWhole(bytesMax: 100_000).readableBytes == 100_000)

    machine = receiving()
    _ = machine.received(buffer(Machine.pendingMax + 1), at: start)
    // Paused before, and wanted whole: goes on.
    #expect(machine.wait(for: .whole(bytesMax: 100_000), 1, at: start).resumes)
    let beyond = machine.received(buffer(100_000), at: start)
    #expect(beyond.wake == 1 && beyond.pauses)
    #expect(throws: TransportError.self) { try machine.takeWhole(bytesMax: 100_000) }
    let cancelled = machine.cancel()
    #expect(cancelled.resumes && cancelled.cancelsUpstream && cancelled.stopsTimer)
  }

  @Test func failureComesAfterWhatHadArrived() {
    var machine = receiving()
    _ = machine.received(buffer(Machine.pendingMax + 1), at: start)
    #expect(machine.failed(TransportError(.closedInAnswer, "gone")).resumes)
    #expect(take(&machine).count == Machine.pendingMax + 1)
    guard case .failed(let error as TransportError) = machine.takeBytes().0 else {
      Issue.record("no failure")
      return
    }
    #expect(error.kind == .closedInAnswer)
    // The first failure stands.
    _ = machine.failed(TransportError(.timeout, "late"))
    _ = machine.cancel()
    #expect((machine.failure as? TransportError)?.kind == .closedInAnswer)
  }

  @Test func cancellationWakesAndCloses() {
    for hasHead in [false, true] {
      var machine = hasHead ? receiving() : machine()
      _ = machine.wait(for: hasHead ? .bytes : .head, 1, at: start)
      let effects = machine.cancel()
      #expect(effects.wake == 1 && effects.cancelsUpstream && effects.stopsTimer)
      #expect(machine.failure is CancellationError)
      // What still comes in is dropped, and nobody waits for ever.
      #expect(machine.received(buffer(1), at: start).wake == nil)
      #expect(machine.failed(TransportError(.closedInAnswer, "")).wake == nil)
      #expect(machine.wait(for: .bytes, 2, at: start).wake == 2)
      #expect(!machine.cancel().cancelsUpstream)
    }
  }

  @Test func leavingDrainsALittle() {
    var machine = receiving()
    _ = machine.received(buffer(Machine.pendingMax + 1), at: start)
    let left = machine.leave(at: at(5))
    #expect(left.resumes && left.movesTimer == at(5) + Machine.drainTimeout && !left.cancelsUpstream)
    #expect(!machine.received(buffer(10), at: at(5)).cancelsUpstream)
    #expect(machine.receivedEnd().stopsTimer)
    #expect(machine.isOver)

    machine = receiving()
    _ = machine.leave(at: start)
    #expect(machine.received(buffer(Machine.drainedMax + 1), at: start).cancelsUpstream)

    machine = receiving()
    _ = machine.leave(at: start)
    #expect(machine.timerFired(at: at(1)).cancelsUpstream)

    machine = receiving()
    _ = machine.receivedEnd()
    let ended = machine.leave(at: start)
    #expect(ended.stopsTimer && ended.movesTimer == nil && !ended.cancelsUpstream)
  }

  @Test func quietUpstreamTimesOut() {
    var machine = machine()
    _ = machine.wait(for: .head, 1, at: start)
    #expect(machine.timerFired(at: at(59)).movesTimer == at(60))
    _ = machine.received(head, at: at(59))
    _ = machine.wait(for: .bytes, 2, at: at(59))
    #expect(machine.timerFired(at: at(60)).movesTimer == at(119))
    _ = machine.received(buffer(1), at: at(100))
    _ = take(&machine)
    // The reader is busy: no blame.
    #expect(machine.timerFired(at: at(119)).movesTimer == at(179))
    _ = machine.wait(for: .bytes, 3, at: at(170))
    #expect(machine.timerFired(at: at(179)).movesTimer == at(230))
    let late = machine.timerFired(at: at(230))
    #expect(late.wake == 3 && late.cancelsUpstream)
    #expect((machine.failure as? TransportError)?.kind == .timeout)
    #expect(machine.timerFired(at: at(300)).movesTimer == nil)
  }
}
