import Testing

@testable import AgentSandbox

@Suite struct WorkerOutboxTests {
  @Test func theHostsRequestWaitsForTheLimits() {
    var outbox = WorkerOutbox(request: [1, 2, 3], isCarried: false)
    #expect(outbox.due.isEmpty)
    outbox.start(written: 0)
    #expect(Array(outbox.due) == [1, 2, 3])
    outbox.wrote(2)
    #expect(Array(outbox.due) == [3])
    outbox.wrote(1)
    #expect(outbox.due.isEmpty)
  }

  /// What the supervisor says it has written, and what is left to the host, before an answer that came earlier.
  @Test(arguments: [(0, [1, 2, 3, 9]), (2, [3, 9]), (3, [9]), (4, [9])])
  func aRequestThatTravelsIsFinishedByTheHost(written: Int, due: [UInt8]) {
    var outbox = WorkerOutbox(request: [1, 2, 3], isCarried: true)
    #expect(outbox.due.isEmpty)
    let fits = outbox.append([9])
    outbox.start(written: written)
    #expect(fits && Array(outbox.due) == due)
  }

  @Test func answersFollowARequestThatTravelledWhole() {
    var outbox = WorkerOutbox(request: [1, 2, 3], isCarried: true)
    let fits = outbox.append([7])
    #expect(fits && Array(outbox.due) == [7])
    outbox.wrote(1)
    let alsoFits = outbox.append([8])
    #expect(alsoFits && Array(outbox.due) == [8])
  }

  @Test func whatTheWorkerDoesNotReadIsBounded() {
    var outbox = WorkerOutbox(request: [], isCarried: true)
    let fits = outbox.append([UInt8](repeating: 0, count: WorkerRequest.bytesMax))
    let isTooMuch = !outbox.append([1])
    outbox.wrote(1)
    let fitsThen = outbox.append([1])
    #expect(fits && isTooMuch && fitsThen)
  }
}
