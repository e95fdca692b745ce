import AgentHTTP
import AgentLLM
import AgentRuntime
import NIOCore
import Synchronization
import Testing

/// What happens to the connection: time, cancellation, back-pressure, reuse.
@Suite(.timeLimit(.minutes(1)))
struct ConnectionTests {
  private static let answer = "{\"choices\":[{\"message\":{\"content\":\"Hi\"}}]}"

  @Test(arguments: [false, true])
  func silenceBeforeTheFirstByteTimesOut(_ streams: Bool) async throws {
    try await withModel(timeout: .milliseconds(100)) { _, _ in
    } _: { model, server in
      let error = await #expect(throws: ModelError.self) {
        if streams { try await model.stream(.hello) { _ in } } else { try await model.complete(.hello) }
      }
      #expect(error?.kind == .timeout)
      #expect(error?.isRetryable == true)
      #expect(error?.message == "llm_proxy: no byte came within 0.1 s")
      #expect(await server.closed.one() == 0)
    }
  }

  @Test func silenceBetweenBytesTimesOut() async throws {
    try await withModel(timeout: .milliseconds(500)) { _, connection in
      connection.sendStreamHead()
      connection.sendChunk(event(text: "a"))
    } _: { model, server in
      var deltas: [ChatDelta] = []
      let error = await #expect(throws: ModelError.self) { try await model.stream(.hello) { deltas += $0 } }
      #expect(error?.kind == .timeout)
      #expect(deltas == [ChatDelta(content: "a")])
      #expect(await server.closed.one() == 0)
    }
  }

  @Test func aSlowReaderIsNotTheServersFault() async throws {
    let timeout = Duration.seconds(1)
    let (asked, asking) = AsyncStream.makeStream(of: RawConnection.self)
    try await withModel(timeout: timeout) { _, connection in
      connection.sendStreamHead()
      connection.sendChunk(event(text: "a"))
      asking.yield(connection)
    } _: { model, server in
      let completion = try await model.stream(.hello) { deltas in
        guard deltas.first?.content == "a" else { return }
        try await Task.sleep(for: timeout * 2)
        await asked.one()?.sendChunk(streamEnd)
      }
      #expect(completion.message.text == "a")
    }
  }

  @Test(arguments: [0, 1, 2])
  func cancellationClosesTheUpstream(_ stage: Int) async throws {
    let (reached, reaching) = AsyncStream.makeStream(of: Void.self)
    try await withModel { _, connection in
      if stage > 0 { connection.sendStreamHead() }
      if stage > 1 { connection.sendChunk(event(text: "a")) } else { reaching.yield() }
    } _: { model, server in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          await #expect(throws: CancellationError.self) {
            _ = try await model.stream(.hello) { _ in reaching.yield() }
          }
        }
        _ = await reached.one()
        let began = ContinuousClock.now
        group.cancelAll()
        #expect(await server.closed.one() == 0)
        try await group.waitForAll()
        #expect(ContinuousClock.now - began < .seconds(2))
      }
    }
  }

  @Test func cancellationOfAWholeAnswerClosesTheUpstream() async throws {
    let (reached, reaching) = AsyncStream.makeStream(of: Void.self)
    try await withModel { _, _ in
      reaching.yield()
    } _: { model, server in
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          await #expect(throws: CancellationError.self) { _ = try await model.complete(.hello) }
        }
        _ = await reached.one()
        group.cancelAll()
        #expect(await server.closed.one() == 0)
      }
    }
  }

  @Test func aCancelledTaskSendsNothing() async throws {
    try await withModel { _, connection in
      connection.sendAnswer(Self.answer)
    } _: { model, server in
      await withTaskGroup(of: Void.self) { group in
        group.cancelAll()
        group.addTask {
          await #expect(throws: CancellationError.self) { _ = try await model.complete(.hello) }
        }
      }
      #expect(server.requests.isEmpty)
    }
  }

  @Test func aSlowReaderBoundsWhatIsRead() async throws {
    let flood = Flood(bytesMax: 40 << 20)
    try await withModel { _, connection in
      connection.sendStreamHead()
      flood.run(connection)
    } _: { model, _ in
      var isFirst = true
      var bytes = 0
      let completion = try await model.stream(.hello) { deltas in
        bytes += deltas.reduce(0) { $0 + ($1.content?.utf8.count ?? 0) }
        guard isFirst else { return }
        isFirst = false
        // What the two sockets hold is a few MB; it has to come to a rest there.
        let accepted = try await flood.settled()
        #expect(accepted < 16 << 20, "\(accepted) bytes were read ahead")
      }
      #expect(bytes == flood.textSent)
      #expect(completion.message.text.utf8.count == bytes)
    }
  }

  @Test func aConnectionServesManyRequests() async throws {
    try await withModel { received, connection in
      let streams = String(decoding: received.body, as: UTF8.self).contains("\"stream\":true")
      guard streams else { return connection.sendAnswer(Self.answer) }
      connection.sendStreamHead()
      connection.sendChunk(event(text: "a") + streamEnd)
      connection.sendLastChunk()
    } _: { model, server in
      for _ in 0..<50 {
        _ = try await model.complete(.hello)
        _ = try await model.stream(.hello) { _ in }
      }
      #expect(server.requests.count == 100)
      // A call returns at `[DONE]`; where the stream's end has not arrived then, the next call takes another.
      #expect(Set(server.requests.map(\.connection)).count <= 4)
    }
  }

  @Test func nothingIsAwaitedAfterDone() async throws {
    try await withModel { received, connection in
      connection.sendStreamHead()
      connection.sendChunk(event(text: "a") + streamEnd)
    } _: { model, server in
      let completion = try await model.stream(.hello) { _ in }
      #expect(completion.message.text == "a")
      // The end of the body never comes: the connection is given up.
      #expect(await server.closed.one() == 0)
    }
  }

  @Test func aStaleConnectionIsReplacedOnce() async throws {
    try await withModel { received, connection in
      if received.number == 0 { connection.sendAnswer(Self.answer) } else { connection.close() }
    } _: { model, server in
      _ = try await model.complete(.hello)
      _ = try await model.complete(.hello)
      #expect(server.requests.map(\.connection) == [0, 0, 1])
      _ = try await model.stream(.hello) { _ in }
      #expect(server.requests.map(\.connection) == [0, 0, 1, 2])
    }
  }

  /// The repetition must not take the next stale connection out of the pool.
  @Test func aPoolFullOfStaleConnectionsFailsNobody() async throws {
    let count = 6
    let held = Mutex<[RawConnection]>([])
    try await withModel { received, connection in
      guard received.number == 0 else { return connection.close() }
      let ready = held.withLock { held -> [RawConnection] in
        held.append(connection)
        return held.count < count ? [] : held
      }
      // Answers once all have come, so that each request has a connection of its own.
      for connection in ready { connection.sendAnswer(Self.answer) }
      if !ready.isEmpty { held.withLock { $0 = Array(ready.prefix(count - 1)) } }
    } _: { model, _ in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<count { group.addTask { _ = try await model.complete(.hello) } }
        try await group.waitForAll()
      }
      for _ in 0..<count { _ = try await model.complete(.hello) }
    }
  }

  @Test(arguments: ["000 X", "099 X", "001 X"])
  func aStatusThatHTTPDoesNotKnowIsAFailure(status: String) async throws {
    try await withModel { _, connection in
      connection.sendAnswer("x", status: status)
    } _: { model, _ in
      await #expect(throws: ModelError.self) { _ = try await model.complete(.hello) }
      await #expect(throws: ModelError.self) { _ = try await model.stream(.hello) { _ in } }
      await #expect(throws: ModelError.self) { try await model.probe() }
    }
  }

  @Test func aFreshConnectionThatIsClosedIsNotRepeated() async throws {
    try await withModel { _, connection in
      connection.close()
    } _: { model, server in
      let error = await #expect(throws: ModelError.self) { try await model.complete(.hello) }
      #expect(error?.kind == .unavailable)
      #expect(error?.isRetryable == true)
      #expect(server.requests.count == 1)
    }
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
  ])
  func aConnectionLostInTheAnswerIsNotRepeated(_ start: String) async throws {
    try await withModel { _, connection in
      connection.send(start)
      connection.close()
    } _: { model, server in
      let error = await #expect(throws: ModelError.self) { try await model.complete(.hello) }
      #expect(error?.kind == .unavailable)
      #expect(server.requests.count == 1)
    }
  }

  @Test func manyAtOnce() async throws {
    try await withModel { _, connection in
      connection.sendStreamHead()
      connection.sendChunk(event(text: "a"))
      connection.sendChunk(event(text: "b") + streamEnd)
      connection.sendLastChunk()
    } _: { model, server in
      try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<200 { group.addTask { try await model.stream(.hello) { _ in }.message.text } }
        for try await text in group { #expect(text == "ab") }
      }
      #expect(server.requests.count >= 200)
    }
  }
}

/// Sends events as fast as the connection takes them.
private final class Flood: Sendable {
  private let bytesMax: Int
  private let accepted = Atomic<Int>(0)
  private let text = String(repeating: "x", count: 60_000)

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  /// How much text goes out in all.
  var textSent: Int { (bytesMax / text.utf8.count) * text.utf8.count }

  func run(_ connection: RawConnection) { send(connection, left: bytesMax / text.utf8.count) }

  private func send(_ connection: RawConnection, left: Int) {
    guard left > 0 else {
      connection.sendChunk(streamEnd)
      return connection.sendLastChunk()
    }
    let event = event(text: text)
    let chunk = "\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n"
    connection.channel.writeAndFlush(ByteBuffer(string: chunk)).whenSuccess {
      self.accepted.add(chunk.utf8.count, ordering: .relaxed)
      self.send(connection, left: left - 1)
    }
  }

  /// What the sockets took when they took nothing more for a while.
  func settled() async throws -> Int {
    var before = -1
    while true {
      let now = accepted.load(ordering: .relaxed)
      if now == before { return now }
      before = now
      try await Task.sleep(for: .milliseconds(300))
    }
  }
}
