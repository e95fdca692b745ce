import AgentHTTP
import AgentRuntime
import NIOCore

/// Reads a stream of chunks piece by piece; pure, so that any split of the bytes can be tested.
struct StreamReader: Sendable {
  /// The stream holds more bytes than an answer may have.
  struct AnswerTooLarge: Error {}

  private(set) var assembler = StreamAssembler()
  private var parser = EventStreamParser()
  private var bytesRead = 0

  /// Reads the next bytes, or the stream's end for nil: the deltas, and the failure that came after them.
  mutating func read(_ bytes: ByteBuffer?) -> (deltas: [ChatDelta], failure: (any Error)?) {
    var deltas: [ChatDelta] = []
    do {
      guard let bytes else {
        try parser.finish { try assembler.take($0, into: &deltas) }
        return (deltas, nil)
      }
      bytesRead += bytes.readableBytes
      guard bytesRead <= OpenAIChatModel.answerMax else { throw AnswerTooLarge() }
      try parser.feed(bytes.readableBytesUInt8Span) { try assembler.take($0, into: &deltas) }
      return (deltas, nil)
    } catch {
      return (deltas, error)
    }
  }
}

extension OpenAIUpstream {
  /// What a failure of `StreamReader` means.
  func error(inStream failure: any Error) -> any Error {
    switch failure {
    case StreamAssembler.Failure.malformed(let why): brokenAnswer(why)
    case StreamAssembler.Failure.reported(let fault): error(reported: fault)
    case let failure as EventStreamParser.EventTooLarge:
      brokenAnswer("an event is larger than \(failure.eventMax) bytes")
    case is StreamReader.AnswerTooLarge: brokenAnswer("the stream is larger than \(OpenAIChatModel.answerMax) bytes")
    default: failure
    }
  }
}
