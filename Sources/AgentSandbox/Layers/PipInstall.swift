import AgentRuntime
import FoundationEssentials

/// Installs packages into a directory, by pip: wheels alone, so that nothing of them runs while they are installed.
struct PipInstall: Sendable {
  let index: PackageIndex
  let python: PipPython
  let confinement: Confinement
  /// For messages; MiB.
  let layerMaxMB: Int

  /// Requests whose failures are told at once at most.
  private static let faultsMax = 8
  private static let wordsMax = 600
  /// Whom the system trusts, an operator's own authority among them: pip has a list of its own otherwise.
  private static let authorities = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
    .first { FileManager.default.isReadableFile(atPath: $0) }
  private static let fetchMark = "Could not fetch URL"

  /// Installs into `out`; `input` is an empty directory for what pip reads. Throws `CodeRefused` with all packages that
  /// cannot be had, `CodeSupplyUnavailable`, or `CancellationError`.
  func run(_ requirements: [CodeRequirement], out: String, input: String, _ limits: Confinement.Limits) async throws {
    var (left, reasons) = (requirements, [CodeRefused.Reason]())
    while !left.isEmpty {
      // In a file: it may hold a password, which the list of processes would show.
      let file = "\(input)/requirements.txt"
      try await onDisk { [left] in try write(requirementsText(left), to: file) }
      let end = try await confinement.run(
        command(file), out: out, readOnly: [input] + python.folders,
        environment: ["PIP_CONFIG_FILE": "/dev/null"], limits)
      guard let reason = try reason(end, left) else { break }
      reasons.append(reason)
      // pip tells of the first alone; what else is missing is found without it.
      guard case .requirement(let missing) = reason.subject, reasons.count < Self.faultsMax else { break }
      left.removeAll { $0 == missing }
    }
    if !reasons.isEmpty { throw CodeRefused(reasons) }
  }

  /// What pip is told in a file.
  func requirementsText(_ requirements: [CodeRequirement]) -> String {
    var lines = ["--index-url \(index.revealedURL)"]
    if index.isPlain { lines.append("--trusted-host \(index.authority)") }
    return (lines + requirements.map(\.description)).map { $0 + "\n" }.joined()
  }

  /// Readable for whichever user the build runs as: nobody else comes through the directory above it.
  private func write(_ text: String, to file: String) throws {
    let isWritten = FileManager.default.createFile(
      atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: 0o644])
    if !isWritten { throw LayerDiskError("\(file) cannot be written") }
  }

  private func command(_ file: String) -> [String] {
    // Beside the packages, so that the limit of the disk holds for it, too. pip tells its log alone what the index
    // answered. What is compiled here needs not be at each call: half of what an import takes.
    let script = """
      mkdir -p /out/.tmp && HOME=/out/.tmp TMPDIR=/out/.tmp "$@"
      code=$?
      if [ $code -ne 0 ]; then grep -F "\(Self.fetchMark)" /out/.tmp/log | tail -n 20 >&2; fi
      rm -rf /out/.tmp
      if [ $code -eq 0 ]; then "$1" -I -m compileall -q -s /out -p /layer /out >/dev/null 2>&1; fi
      exit $code
      """
    return [
      "/bin/sh", "-c", script, "sh", python.executable, "-I", "-B", "-m", "pip", "--isolated", "install", "--quiet",
      "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--no-compile", "--progress-bar", "off",
      "--log", "/out/.tmp/log", "--retries", "2", "--timeout", "15", "--only-binary", ":all:", "--target", "/out",
      "--requirement", file,
    ] + (Self.authorities.map { ["--cert", $0] } ?? [])
  }

  /// Why it did not succeed; nil where it did.
  func reason(_ end: Confinement.End, _ requirements: [CodeRequirement]) throws -> CodeRefused.Reason? {
    switch end.cause {
    case .exited(0): return nil
    case .timeout: throw CodeSupplyUnavailable("the packages could not be installed in time")
    case .memory: return .init(.whole, type: "too_large", "installing the packages takes too much memory")
    case .disk:
      return .init(
        .whole, type: "too_large",
        "the packages take more than CODE_LAYER_MAX_MB allows (\(layerMaxMB) MB), or the disk is nearly full")
    case .exited: break
    }
    let lines = end.words.split(whereSeparator: \.isNewline).map(String.init)
    if let trouble = Self.trouble(lines) {
      throw CodeSupplyUnavailable("the index of packages cannot be used: \(index.redacted(trouble).prefix(300))")
    }
    var errors = lines.filter { $0.hasPrefix("ERROR: ") && !$0.contains("ResolutionImpossible") }
      .map { String($0.dropFirst(7)) }
    if errors.isEmpty { errors = lines.filter { !$0.contains(Self.fetchMark) }.suffix(3) }
    let words = index.redacted(errors.joined(separator: "; "))
    let text = "pip: \(words.prefix(Self.wordsMax)); only wheels of CODE_PACKAGE_INDEX are installed"
    if let missing = Self.missing(errors, requirements) {
      return .init(.requirement(missing), type: "not_found", text)
    }
    return .init(.whole, type: "not_found", text)
  }

  /// The requirement that pip does not find, where it was asked for by name.
  private static func missing(_ errors: [String], _ requirements: [CodeRequirement]) -> CodeRequirement? {
    let mark = "No matching distribution found for "
    guard let line = errors.first(where: { $0.hasPrefix(mark) }) else { return nil }
    let named = line.dropFirst(mark.count).prefix { $0 != " " }
    return requirements.first { (try? CodeRequirement(String(named))) == $0 }
  }

  /// What keeps pip from the index, for a while or until somebody mends it.
  private static func trouble(_ lines: [String]) -> String? {
    let signs = [
      "connection broken by", "Max retries exceeded", "SSLError", "ssl certificate", "401 Client Error",
      "407 Client Error", "Server Error", "No space left on device", "Read timed out",
    ]
    guard let line = lines.first(where: { line in signs.contains { line.contains($0) } }) else { return nil }
    // Without the time that pip's log begins with.
    return line.firstRange(of: fetchMark).map { String(line[$0.lowerBound...]) } ?? line
  }
}
