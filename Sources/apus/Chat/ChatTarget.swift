import AgentLLM
import ArgumentParser
import FoundationEssentials

/// Where the runtime is, and what it wants to be shown.
struct ChatTarget: Sendable {
  /// The address without a slash at its end.
  let url: String
  /// Nil where none is known: the runtime will say that it wants one.
  let token: Secret?

  /// Takes what the command line gives, and the rest from the settings of this process.
  ///
  /// Throws `ValidationError`, or `ExitCode` after a line on standard error.
  init(url: String?, token: String?) throws {
    do {
      try self.init(
        url: url, token: token, environment: ProcessInfo.processInfo.environment,
        dotenv: try Settings.dotenvOfProcess())
    } catch let error as SettingsError {
      StandardStreams.writeError("apus: \(error)\n")
      throw ExitCode(SettingsError.exitCode)
    }
  }

  /// Throws `ValidationError` for a wrong `url`, and `SettingsError` for the settings that are used and wrong.
  init(url: String?, token: String?, environment: [String: String], dotenv: String?) throws {
    let (settings, faults) = Settings.inspect(environment: environment, dotenv: dotenv)
    let used = (url == nil ? ["HOST", "PORT"] : []) + (token == nil ? ["RUNTIME_TOKEN"] : [])
    // A token that is not set, or the example's, is the runtime's to refuse: another one may run there.
    let isUnusable = settings.runtimeTokens.contains { $0.revealed.isEmpty || !$0.revealed.isVisibleASCII }
    let standing = faults.filter { used.contains($0.name) && ($0.name != "RUNTIME_TOKEN" || isUnusable) }
    guard standing.isEmpty else { throw SettingsError(faults: standing) }
    self.token = token.map(Secret.init) ?? settings.runtimeTokens.first
    if let url {
      do {
        self.url = try WebAddress.baseURL(url)
      } catch {
        throw ValidationError("--url \(error.text); allowed: \(WebAddress.allowed)")
      }
    } else {
      guard settings.port != 0 else { throw ValidationError("PORT is 0, any free one: name the address with --url.") }
      self.url = settings.localURL
    }
  }
}

extension Settings {
  /// Where a program on this machine reaches the runtime.
  var localURL: String {
    let isAny = host == "0.0.0.0" || host == "::"
    let shown = isAny ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
    return "\(tls == nil ? "http" : "https")://\(shown):\(port)"
  }
}
