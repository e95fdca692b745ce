import AgentHTTP
import AgentLLM
import ArgumentParser
import FoundationEssentials

/// `apus chat`.
struct ChatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat",
    abstract: "Talks to an agent of a running runtime, at the terminal or from a script.",
    discussion: """
      The agent remembers a session's earlier turns, if it is one that does.

      Examples:
        apus chat my-agent
        apus chat my-agent --session trip --once "And what is the weather there?"
        git diff | apus chat reviewer --once
      """)

  @Argument(help: "The agent's id, or a line's.")
  var agent: String

  @Argument(help: "The message, with --once; `-`, or none, reads it from standard input.")
  var message: String?

  @Flag(help: "Ask once, print the answer alone (a task's steps to stderr), and leave; exit code 1 if there is none.")
  var once = false

  @Option(help: "The runtime's address. (default: http://127.0.0.1 with PORT, or 8000)")
  var url: String?

  @Option(help: "A token of the runtime. (default: the first of RUNTIME_TOKEN in the environment or .env)")
  var token: String?

  @Option(help: "The session to go on with. (default: a new one)")
  var session: String?

  @Option(help: "The user who asks, as user_id.")
  var user: String?

  func validate() throws {
    if message != nil, !once { throw ValidationError("A message on the command line needs --once.") }
    for (name, text) in [("--session", session), ("--user", user), ("--token", token)] where text?.isEmpty == true {
      throw ValidationError("\(name) is empty.")
    }
    if let token, !token.isVisibleASCII {
      throw ValidationError("--token holds spaces, control or non-ASCII characters.")
    }
  }

  func run() async throws {
    let target = try ChatTarget(url: url, token: token)
    let session = session ?? UUID().uuidString.lowercased()
    let interrupts = Interrupts()
    do {
      try await HTTPTransport.withOne { transport in
        let client = ChatClient(url: target.url, token: target.token, agent: agent, user: user, transport: transport)
        try await interrupts.whileHandling(exitCode: once ? 130 : 0) {
          if once {
            try await askOnce(client, session, interrupts)
          } else {
            try await talk(client, session, interrupts)
          }
        }
      }
    } catch is CancellationError {
      throw ExitCode(130)
    } catch let failure as ChatFailure {
      StandardStreams.writeError("\(failure)\n")
      throw ExitCode.failure
    }
  }

  private func askOnce(_ client: ChatClient, _ session: String, _ interrupts: Interrupts) async throws {
    var text = message ?? "-"
    if text == "-" {
      var input = TerminalInput()
      text = await input.rest()
    }
    guard !text.isEmpty else { throw ChatFailure(message: "The message is empty.") }
    _ = try await interrupts.stopping { [text] in
      try await AnswerPrinter(steps: .plain).print(client, text, session: session)
    }
  }

  private func talk(_ client: ChatClient, _ session: String, _ interrupts: Interrupts) async throws {
    let name = try await client.agentName()
    if StandardStreams.inputIsTerminal {
      StandardStreams.write(
        "\(StandardStreams.withoutControls(name ?? agent)), session \(session). /help lists the commands.\n")
    } else {
      StandardStreams.writeError("session \(session)\n")
    }
    var chat = TerminalChat(client: client, session: session, interrupts: interrupts)
    guard await chat.run() else { throw ExitCode.failure }
  }
}
