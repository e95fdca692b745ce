import FoundationEssentials

/// A chat at the terminal, turn by turn.
struct TerminalChat: ~Copyable {
  private static let help = """
    /new   begins a new session     /help  shows this
    /exit  leaves, as Ctrl-D does   Ctrl-C stops an answer; again, or between answers, it leaves

    """

  private let client: ChatClient
  private let interrupts: Interrupts
  private let isTerminal = StandardStreams.inputIsTerminal
  private let steps = StepDisplay.Style.fitting(
    isTerminal: StandardStreams.errorIsTerminal, environment: ProcessInfo.processInfo.environment)
  private var input = TerminalInput()
  private var session: String

  init(client: ChatClient, session: String, interrupts: Interrupts) {
    self.client = client
    self.session = session
    self.interrupts = interrupts
  }

  /// Answers line by line until the input ends. Returns whether every turn had its answer.
  mutating func run() async -> Bool {
    var succeeded = true
    while true {
      if isTerminal { StandardStreams.write("you> ") }
      guard let line = await input.nextLine() else {
        if isTerminal { StandardStreams.write("\n") }
        return succeeded
      }
      switch line.trimmed {
      case "": continue
      case "/exit", "/quit": return succeeded
      case "/help": StandardStreams.write(Self.help)
      case "/new":
        session = UUID().uuidString.lowercased()
        StandardStreams.write("New session \(session)\n")
      case let text where text.hasPrefix("/") && !line.hasPrefix(" "):
        StandardStreams.write("\(text) is no command; /help lists them. To send such a text, begin with a space.\n")
      default: succeeded = await turn(line) && succeeded
      }
    }
  }

  private func turn(_ message: String) async -> Bool {
    do {
      let printer = AnswerPrinter(begin: isTerminal ? "\(client.agent)> " : "", steps: steps)
      let reason = try await interrupts.stopping { [client, session] in
        try await printer.print(client, message, session: session)
      }
      if let note = Self.note(reason) { StandardStreams.writeError(note) }
      return true
    } catch is CancellationError {
      StandardStreams.writeError("[stopped: this turn is not kept]\n")
      return true
    } catch {
      StandardStreams.writeError("\(error)\n")
      return false
    }
  }

  private static func note(_ reason: String) -> String? {
    switch reason {
    case "stop": nil
    case "length": "[the answer reached the limit of its length]\n"
    case "tool_calls": "[the agent asks its caller to run a tool, which this chat cannot do]\n"
    default: "[the answer ended for the reason \"\(reason)\"]\n"
    }
  }
}
