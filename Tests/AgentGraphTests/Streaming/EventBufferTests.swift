import AgentJSON
import Testing

@testable import AgentGraph

@Suite struct EventBufferTests {
  private func event(_ number: Int) -> GraphEvent {
    GraphEvent(namespace: .root, step: number, content: .custom(.integer(number)))
  }

  @Test("G37 events leave in batches, in order; a batch counts as waiting until the next is asked for")
  func batches() async throws {
    let buffer = EventBuffer(max: 4)
    for number in 0..<4 { try await buffer.put(event(number)) }
    let visits = Visits()
    async let late: Void = {
      for number in 4..<8 {
        try await buffer.put(event(number))
        visits.add("put \(number)")
      }
      buffer.finish(nil)
    }()
    for _ in 0..<100 { await Task.yield() }
    #expect(visits.list == [])
    #expect(try await buffer.take().map(\.step) == [1, 0])
    for _ in 0..<100 { await Task.yield() }
    #expect(visits.list == [])
    var (taken, batches) = ([0, 1], 1)
    while true {
      let batch = try await buffer.take()
      #expect(batch.count <= 2)
      #expect(visits.list.count <= taken.count + 4)
      if batch.isEmpty { break }
      taken += batch.reversed().map(\.step)
      batches += 1
    }
    try await late
    #expect(taken == Array(0..<8) && batches <= 7)
    #expect(try await buffer.take().isEmpty)
  }

  @Test("G37 an error comes after the last event, each time; whoever has left gets none, and stops nobody")
  func ends() async throws {
    let buffer = EventBuffer(max: 1)
    try await buffer.put(event(0))
    buffer.finish(Mishap())
    #expect(try await buffer.take().map(\.step) == [0])
    for _ in 0..<2 { await #expect(throws: Mishap()) { try await buffer.take() } }
    buffer.close()
    await #expect(throws: CancellationError.self) { try await buffer.take() }
    for number in 0..<3 { try await buffer.put(event(number)) }
  }
}
