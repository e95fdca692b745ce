import AgentHTTP
import AgentJSON
import ArgumentParser
import FoundationEssentials

/// `apus doctor`.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Checks settings, port, database and model, and says how to mend what is wrong.",
    discussion: """
      Run it where the runtime runs, with the same environment and working directory. It asks the model for one tiny \
      answer, and brings the schema of an existing database up to date, as serve does. The exit code is 1 if a check \
      fails.
      """)

  @Flag(help: "Print one JSON object instead of lines.")
  var json = false

  func run() async throws {
    let (settings, configuration) = Self.checkConfiguration()
    var findings: [Finding] = []
    func note(_ found: [Finding]) {
      findings += found
      // At once: a slow model holds up nothing that is known already.
      if !json { found.forEach { StandardStreams.write($0.text) } }
    }
    note(configuration)
    note([MachineChecks.descriptors(FileDescriptorLimit.current())])
    try await HTTPTransport.withOne { transport in
      let port = await PortCheck(settings: settings, transport: transport).run()
      note([port.finding])
      note([await DatabaseCheck(settings: settings, isServed: port.isServed).run()])
      note(await ModelCheck(settings: settings, transport: transport).run())
    }
    note([MachineChecks.templates()])
    note(await SandboxCheck(settings: settings).run())
    let failed = findings.contains { $0.status == .fail }
    if json {
      let report: JSONValue = [
        "ok": .bool(!failed), "version": .string(App.version), "checks": .array(findings.map(\.json)),
      ]
      StandardStreams.write(String(decoding: report.encoded(pretty: true), as: UTF8.self) + "\n")
    }
    if failed { throw ExitCode.failure }
  }

  private static func checkConfiguration() -> (settings: Settings, findings: [Finding]) {
    var dotenv: String?
    var unreadable: [SettingFault] = []
    do { dotenv = try Settings.dotenvOfProcess() } catch { unreadable = error.faults }
    let (settings, faults) = Settings.inspect(environment: ProcessInfo.processInfo.environment, dotenv: dotenv)
    var findings = (unreadable + faults).map { fault in
      Finding.fail("configuration", "\(fault.name) \(fault.problem)", "allowed: \(fault.allowed)")
    }
    findings += settings.warnings.map { warning in
      Finding.warn("configuration", warning, "unset it, or change it in the environment or in .env")
    }
    if findings.isEmpty {
      let from = dotenv == nil ? "the environment (there is no .env here)" : "the environment and .env"
      findings.append(.ok("configuration", "every setting of \(from) is valid"))
    }
    return (settings, findings)
  }
}
