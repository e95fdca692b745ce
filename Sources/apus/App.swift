import ArgumentParser

/// The `apus` command.
@main
struct App: AsyncParsableCommand {
  /// The version of this build.
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "apus",
    abstract: "A self-hosted runtime for AI agents with an OpenAI-compatible API.",
    discussion: """
      Agents are stored over HTTP (POST /v1/agents); any OpenAI client then talks to them, with the agent's id in the \
      place of the model's name.

      Settings come from the environment and from a .env file in the working directory; the environment wins. \
      env.example lists them all. The important ones:
        RUNTIME_TOKEN   tokens that callers must show, separated by commas
        LLM_PROXY_URL   an OpenAI-compatible model service
        OPENAI_API_KEY  OpenAI's key; it or LLM_PROXY_URL is required
        PORT            where to listen (8000)
        DATABASE_URL    where agents and threads are kept
                        (sqlite:///data/apus.sqlite)

      Example:
        export RUNTIME_TOKEN=$(openssl rand -hex 24)
        export LLM_PROXY_URL=http://127.0.0.1:11434
        apus doctor            # is all well?
        apus                   # serves on port 8000
        apus chat my-agent     # in another terminal, with the same RUNTIME_TOKEN
      """,
    version: version,
    subcommands: [ServeCommand.self, ChatCommand.self, DoctorCommand.self],
    defaultSubcommand: ServeCommand.self)
}
