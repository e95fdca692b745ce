/// Prints an answer as it arrives.
struct AnswerPrinter: Sendable {
  /// What stands in front of an answer.
  var begin = ""
  /// How the run's steps are shown.
  let steps: StepDisplay.Style

  /// Asks, shows the run's steps, and prints the answer and a line break after it; returns why the answer ended.
  ///
  /// What has arrived when it fails is closed with a line break. Throws `ChatFailure`, or `CancellationError`.
  func print(_ client: ChatClient, _ message: String, session: String) async throws -> String {
    let isTerminal = StandardStreams.outputIsTerminal
    let display = StepDisplay(steps)
    async let _: Void = display.keepMoving()
    var hasBegun = false
    defer {
      display.stop()
      if hasBegun { StandardStreams.write("\n") }
    }
    let reason = try await client.ask(message, session: session, onSteps: display.take) { text in
      display.answerBegins()
      if !hasBegun { StandardStreams.write(begin) }
      hasBegun = true
      StandardStreams.write(isTerminal ? StandardStreams.withoutControls(text) : text)
    }
    display.answerBegins()
    hasBegun = true
    return reason
  }
}
