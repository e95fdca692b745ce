import AgentRuntime

/// Fetches one commit of a repository into a directory, without its history.
struct GitFetch: Sendable {
  let confinement: Confinement
  /// For messages; MiB.
  let layerMaxMB: Int

  private static let wordsMax = 600
  private static let program = "/usr/bin/git"

  /// What the caller wrote comes as `$1` and `$2` alone. Redirects would lead to hosts that are not allowed; hooks,
  /// helpers and submodules would run or fetch what nobody asked for.
  private static let script = """
    set -e
    mkdir -p /out/.home
    HOME=/out/.home
    export HOME
    cd /out
    git() {
      command git -c safe.directory='*' -c http.followRedirects=false -c http.lowSpeedLimit=1000 \
        -c http.lowSpeedTime=30 -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.autocrlf=false \
        -c credential.helper= -c submodule.recurse=false -c gc.auto=0 -c init.defaultBranch=main \
        -c advice.detachedHead=false "$@"
    }
    git init --quiet --template= .
    git fetch --quiet --depth 1 --no-tags --no-recurse-submodules -- "$1" "$2"
    git checkout --quiet --detach "$2"
    test "$(git rev-parse HEAD)" = "$2"
    rm -rf .git .home
    """

  /// Fetches into `out`, which is empty. Throws `CodeRefused`, `CodeSupplyUnavailable`, or `CancellationError`.
  func run(_ repository: CodeRepository, out: String, _ limits: Confinement.Limits) async throws {
    let environment = [
      "GIT_ALLOW_PROTOCOL": repository.host.isPlain ? "http" : "https", "GIT_CONFIG_GLOBAL": "/dev/null",
      "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
    ]
    let end = try await confinement.run(
      ["/bin/sh", "-c", Self.script, "sh", repository.url, repository.commit], out: out, environment: environment,
      limits)
    if let reason = try reason(end, repository) { throw CodeRefused([reason]) }
  }

  /// Why it did not succeed; nil where it did.
  func reason(_ end: Confinement.End, _ repository: CodeRepository) throws -> CodeRefused.Reason? {
    switch end.cause {
    case .exited(0): return nil
    case .timeout: throw CodeSupplyUnavailable("the repository could not be fetched in time")
    case .memory: return .init(.repository, type: "too_large", "fetching the commit takes too much memory")
    case .disk:
      return .init(
        .repository, type: "too_large",
        "the commit takes more than CODE_LAYER_MAX_MB allows (\(layerMaxMB) MB), or the disk is nearly full")
    case .exited(127):
      throw CodeSupplyUnavailable("git is missing; install it")
    case .exited: break
    }
    let lines = end.words.split(whereSeparator: \.isNewline).map(String.init)
    let told = lines.filter { line in ["fatal:", "error:", "remote:"].contains { line.hasPrefix($0) } }
    let words = (told.isEmpty ? Array(lines.suffix(3)) : told).joined(separator: "; ").prefix(Self.wordsMax)
    if lines.contains(where: Self.isTrouble) {
      throw CodeSupplyUnavailable("\(repository.host) cannot be reached: \(words)")
    }
    return .init(
      .repository, type: "not_found", "commit \(repository.commit) of \(repository.url) cannot be fetched: \(words)")
  }

  private static func isTrouble(_ line: String) -> Bool {
    let signs = [
      "Could not resolve host", "Failed to connect", "Connection refused", "Connection reset", "timed out",
      "SSL certificate problem", "Operation too slow", "returned error: 5", "No space left on device",
    ]
    return signs.contains { line.contains($0) }
  }
}
