/// Prints an answer as it arrives.
struct AnswerPrinter: Sendable {
  /// What stands in front of an answer.
  var begin = ""

  /// Asks, and prints the answer and a line break after it; returns why the answer ended.
  ///
  /// What has arrived when it fails is closed with a line break. Throws `ChatFailure`, or `CancellationError`.
  func print(_ client: ChatClient, _ message: String, session: String) async throws -> String {
    let isTerminal = StandardStreams.outputIsTerminal
    var hasBegun = false
    defer { if hasBegun { StandardStreams.write("\n") } }
    let reason = try await client.ask(message, session: session) { text in
      if !hasBegun { StandardStreams.write(begin) }
      hasBegun = true
      StandardStreams.write(isTerminal ? StandardStreams.withoutControls(text) : text)
    }
    hasBegun = true
    return reason
  }
}
