import Synchronization
import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1)))
struct TurnQueueTests {
  private let queue = TurnQueue(waitersMax: 3)
  private static let key = ThreadKey(agentID: "a", sessionID: "s")

  private func enter(
    _ policy: ConversationConfig.BusyPolicy = .enqueue, handle: RunHandle = RunHandle()
  ) async throws -> TurnQueue.Ticket {
    try await queue.enter(Self.key, policy: policy, handle: handle)
  }

  /// A turn that waits in line when this returns: it ran at once until it had to wait.
  private func waiting(
    _ policy: ConversationConfig.BusyPolicy = .enqueue, handle: RunHandle = RunHandle()
  ) -> Task<TurnQueue.Ticket, any Error> {
    Task.immediate { try await enter(policy, handle: handle) }
  }

  @Test func aFreeThreadIsTakenAtOnce() async throws {
    for _ in 0..<3 { queue.leave(try await enter(.reject)) }
    let other = try await queue.enter(ThreadKey(agentID: "a", sessionID: "t"), policy: .reject, handle: RunHandle())
    let mine = try await enter(.reject)
    queue.leave(other)
    queue.leave(mine)
  }

  @Test func waitersGoInTheOrderTheyCame() async throws {
    let holder = try await enter()
    let waiters = (0..<3).map { _ in waiting() }
    var previous = holder
    for waiter in waiters {
      queue.leave(previous)
      let ticket = try await waiter.value
      #expect(ticket.number > previous.number)
      previous = ticket
    }
    queue.leave(previous)
    queue.leave(try await enter(.reject))
  }

  @Test func theLineIsBounded() async throws {
    let holder = try await enter()
    let waiters = (0..<3).map { _ in waiting() }
    let error = await runtimeError { _ = try await enter() }
    #expect(error?.code == .conflict && error?.retryAfter != nil)
    waiters[1].cancel()
    #expect(await failure { _ = try await waiters[1].value } is CancellationError)
    let late = waiting()
    queue.leave(holder)
    for waiter in [waiters[0], waiters[2], late] { queue.leave(try await waiter.value) }
  }

  @Test func rejectRefusesABusyThread() async throws {
    let holder = try await enter()
    let error = await runtimeError { _ = try await enter(.reject) }
    #expect(error?.code == .conflict && error?.status == 409)
    queue.leave(holder)
    queue.leave(try await enter(.reject))
  }

  @Test(arguments: [ConversationConfig.BusyPolicy.interrupt, .rollback])
  func interruptEndsAllBefore(policy: ConversationConfig.BusyPolicy) async throws {
    let handles = (0..<4).map { _ in RunHandle() }
    let holder = try await enter(handle: handles[0])
    let waiters = handles[1...2].map { waiting(handle: $0) }
    let newest = waiting(policy, handle: handles[3])
    #expect(handles.map(\.reason) == [.superseded, .superseded, .superseded, nil])
    // Whoever was ended leaves, as their runs' cancellation makes them.
    for waiter in waiters { waiter.cancel() }
    queue.leave(holder)
    queue.leave(try await newest.value)
  }

  @Test func interruptIsNotRefusedForALineItEnds() async throws {
    let waiterHandles = (0..<3).map { _ in RunHandle() }
    let holder = try await enter()
    let waiters = waiterHandles.map { handle in
      // At once, so that the line is full when the loop ends.
      Task.immediate { try await handle.run { queue.leave(try await enter(handle: handle)) } }
    }
    let newest = waiting(.interrupt)
    #expect(waiterHandles.allSatisfy { $0.reason == .superseded })
    for handle in waiterHandles { handle.cancel(.shutdown) }
    for waiter in waiters { #expect(await failure { try await waiter.value } is CancellationError) }
    queue.leave(holder)
    queue.leave(try await newest.value)
  }

  @Test func aCancelledTaskDoesNotWait() async throws {
    let holder = try await enter()
    // A task of its own, for the test cancels it.
    let task = Task { try await enter() }
    task.cancel()
    #expect(await failure { _ = try await task.value } is CancellationError)
    queue.leave(holder)
    queue.leave(try await enter(.reject))
  }

  @Test func leavingTwiceHarmsNobody() async throws {
    let first = try await enter()
    queue.leave(first)
    let second = try await enter()
    queue.leave(first)
    #expect(await runtimeError { _ = try await enter(.reject) }?.code == .conflict)
    queue.leave(second)
  }

  /// Turns that come, wait, are cancelled and leave in every order: one at a time, first come first served, and the
  /// thread is free in the end.
  @Test(arguments: 0..<8)
  func randomInterleavings(seed: Int) async throws {
    var random = SeededRandom(seed: seed)
    for round in 0..<400 {
      let queue = TurnQueue(waitersMax: 4)
      let log = Log()
      await withTaskGroup { group in
        let handles = (0..<Int.random(in: 2...7, using: &random)).map { _ in RunHandle() }
        for handle in handles {
          let plan = Plan(&random)
          group.addTask {
            await plan.pause(0)
            try? await handle.run { try await Self.turn(queue, plan, handle, log) }
          }
        }
        for handle in handles where random.isOne(in: 2) {
          let pauses = Int.random(in: 0...12, using: &random)
          group.addTask {
            for _ in 0..<pauses { await Task.yield() }
            handle.cancel(.disconnected)
          }
        }
      }
      let result = log.contents
      #expect(result.overlaps == 0, "seed \(seed), round \(round)")
      #expect(result.order == result.order.sorted(), "seed \(seed), round \(round)")
      let last = try await queue.enter(Self.key, policy: .reject, handle: RunHandle())
      queue.leave(last)
    }
  }

  /// Who was in the thread, and whether ever two at once.
  private final class Log: Sendable {
    struct Contents {
      var isInside = false
      var overlaps = 0
      var order: [Int] = []
    }
    private let state = Mutex(Contents())

    var contents: Contents { state.withLock { $0 } }

    func begin(_ number: Int) {
      state.withLock { contents in
        if contents.isInside { contents.overlaps += 1 }
        contents.isInside = true
        contents.order.append(number)
      }
    }

    func end() { state.withLock { $0.isInside = false } }
  }

  private struct Plan: Sendable {
    var pauses: [Int]
    var policy: ConversationConfig.BusyPolicy

    init(_ random: inout SeededRandom) {
      pauses = (0..<2).map { _ in Int.random(in: 0...5, using: &random) }
      policy = random.pick([.enqueue, .enqueue, .enqueue, .reject, .interrupt])
    }

    func pause(_ index: Int) async {
      for _ in 0..<pauses[index] { await Task.yield() }
    }
  }

  private static func turn(
    _ queue: TurnQueue, _ plan: Plan, _ handle: RunHandle, _ log: Log
  ) async throws {
    let ticket = try await queue.enter(key, policy: plan.policy, handle: handle)
    log.begin(ticket.number)
    await plan.pause(1)
    log.end()
    queue.leave(ticket)
  }
}
