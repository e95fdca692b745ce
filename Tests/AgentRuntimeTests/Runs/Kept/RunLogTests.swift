import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1)))
struct RunLogTests {
  private static let result: Result<RunResult, any Error> = .failure(RuntimeError(.execution, "over"))

  private func texts(_ log: RunLog, after number: Int = 0) async throws -> [String] {
    var (texts, seen): ([String], Int) = ([], number)
    while true {
      let batch = try await log.next(after: seen)
      texts += batch.deltas.compactMap(\.content)
      seen = batch.last
      if batch.outcome != nil { return texts }
    }
  }

  @Test func eachReaderGetsAllFromWhereItBegins() async throws {
    let log = RunLog()
    async let early = texts(log)
    for number in 0..<100 {
      log.append([ChatDelta(content: "\(number)")])
      if number % 10 == 0 { await Task.yield() }
    }
    log.finish(Self.result)
    let all = (0..<100).map(String.init)
    #expect(try await early == all)
    #expect(try await texts(log) == all)
    #expect(try await texts(log, after: 97) == ["97", "98", "99"].suffix(3))
    #expect(try await texts(log, after: 100) == [])
  }

  @Test func whoComesLateReadsItInPieces() async throws {
    let log = RunLog()
    log.append((0..<2500).map { ChatDelta(content: "\($0)") })
    log.finish(Self.result)
    let piece = try await log.next(after: 10)
    #expect(piece.deltas.count == 1000 && piece.last == 1010 && piece.outcome == nil)
    #expect(try await texts(log) == (0..<2500).map(String.init))
  }

  @Test func whatIsTooMuchGoesAndWhoAsksForItIsTold() async throws {
    let log = RunLog(bytesMax: 2000)
    for number in 0..<100 { log.append([ChatDelta(content: "\(number)")]) }
    log.finish(Self.result)
    #expect(log.bytes <= 2000)
    let error = await runtimeError { _ = try await log.next(after: 0) }
    #expect(error?.code == .notFound && error?.message.contains("Events 1 to") == true)
    #expect(try await texts(log, after: 98) == ["98", "99"])
  }

  @Test func aReaderThatWaitsCanBeCancelled() async throws {
    let log = RunLog()
    // Cancelled below.
    let reader = Task { try await log.next(after: 0) }
    await Task.yield()
    reader.cancel()
    await #expect(throws: CancellationError.self) { _ = try await reader.value }
    log.finish(Self.result)
  }

  @Test func openingIsWaitedForAndARefusalIsThrown() async throws {
    let (admitted, refused) = (RunLog(), RunLog())
    async let first: Void = admitted.opened()
    admitted.open()
    try await first
    admitted.finish(Self.result)
    try await admitted.opened()
    refused.finish(Self.result)
    await #expect(throws: RuntimeError.self) { try await refused.opened() }
  }
}
