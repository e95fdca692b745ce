import AgentJSON
import AgentRuntime
import NIOCore
import Testing

@testable import AgentServer

@Suite struct ChunkWriterTests {
  private static let steps = ChatDelta(metadata: ["execution_steps": []])

  private func chunks(_ deltas: [ChatDelta], isFirst: Bool) throws -> [JSONValue] {
    let events = ChunkWriter(id: "c", model: "m", created: 1).events(deltas, isFirst: isFirst)
    let texts = String(decoding: events.readableBytesView, as: UTF8.self).split(separator: "\n\n")
    return try texts.map { try JSONValue(parsing: String($0.dropFirst("data: ".count))) }
  }

  private func deltas(_ chunks: [JSONValue]) -> [JSONValue?] {
    chunks.map { $0["choices"]?.arrayValue?.first?["delta"] }
  }

  @Test func firstEventHasNoMetadata() throws {
    let written = try chunks([Self.steps, ChatDelta(content: "x")], isFirst: true)
    #expect(deltas(written) == [["role": "assistant"], [:], ["content": "x"]])
    #expect(written.map { $0["metadata"] } == [nil, ["execution_steps": []], nil])
  }

  @Test func firstTextNeedsNoEventBeforeIt() throws {
    let written = try chunks([ChatDelta(content: "x"), Self.steps], isFirst: true)
    #expect(deltas(written) == [["role": "assistant", "content": "x"], [:]])
  }

  @Test func laterOnesAreWrittenAsTheyAre() throws {
    let written = try chunks([Self.steps], isFirst: false)
    #expect(deltas(written) == [[:]] && written[0]["metadata"] != nil)
    #expect(try chunks([], isFirst: true).isEmpty)
  }
}
