import AgentJSON
public import AgentRuntime

extension SupervisedSandbox {
  /// Looks at a program without running it.
  public func check(_ program: SandboxProgram) async throws -> [SandboxFault] {
    let call = SandboxCall(program, limits: SandboxLimits(timeout: .seconds(10), outputBytesMax: 1 << 20))
    let request = WorkerRequest.check(program)
    let (machine, end, _, _) = try await complete(call, request, CallStateMachine(isCheck: true), host: NoHost())
    switch machine.verdict {
    case .checked(let faults): return faults
    case .exception(let exception):
      let place = exception.frames.last
      return [
        SandboxFault(line: place?.line, column: place?.column, message: "\(exception.name): \(exception.message)")
      ]
    case let verdict:
      let what =
        switch end.map({ SandboxOutcome(verdict, $0) }) {
        case .timeout: "takes longer than \(call.limits.timeout) to parse"
        case .memoryLimit: "takes more than \(call.limits.memoryMB) MiB to parse"
        case nil: throw SandboxUnavailable("The sandbox's supervisor ended while it looked at the code. Try again.")
        default: "ends the interpreter when it is parsed"
        }
      return [SandboxFault(message: "The code \(what).")]
    }
  }

  /// Runs a program once.
  public func run(_ call: SandboxCall, host: any SandboxHost) async throws -> SandboxReport {
    do {
      let report = try await report(call, host)
      onCall(CallRecord(language: call.program.language, outcome: report.outcome.name, usage: report.usage))
      return report
    } catch {
      let outcome = error is SandboxUnavailable ? "refused" : error is CancellationError ? "cancelled" : "host_failed"
      onCall(CallRecord(language: call.program.language, outcome: outcome, usage: SandboxUsage()))
      throw error
    }
  }

  private func report(_ call: SandboxCall, _ host: any SandboxHost) async throws -> SandboxReport {
    if let name = call.files.keys.sorted().first(where: { !SandboxFileName.isAllowed($0) }) {
      throw SandboxUnavailable("A file cannot be named '\(name.prefix(80))'; allowed: \(SandboxFileName.allowed).")
    }
    let (machine, end, given, output) = try await complete(
      call, WorkerRequest.run(call), CallStateMachine(textBytesMax: call.limits.resultBytesMax), host: host)
    var report = SandboxReport(.crashed("The sandbox's supervisor ended during the call; another has been started."))
    report.stdout = String(decoding: output.stdout, as: UTF8.self)
    report.stderr = String(decoding: output.stderr, as: UTF8.self)
    report.usage.wasCold = given
    guard let end else { return report }
    report.outcome = SandboxOutcome(machine.verdict, end)
    if case .value(_, let files) = machine.verdict, case .value = report.outcome { report.files = files }
    report.usage.wall = .microseconds(end.wallMicroseconds)
    report.usage.cpu = .microseconds(end.processorMicroseconds)
    report.usage.memoryPeakKB = end.memoryPeakKB
    return report
  }

  /// How often a call gets another worker because its own died before the call began.
  private static let attemptsMax = 3

  /// Gives a call to a worker, and waits for the worker's end; nil for the supervisor's.
  private func complete(
    _ call: SandboxCall, _ request: [UInt8], _ fresh: CallStateMachine, host: any SandboxHost
  ) async throws -> (CallStateMachine, WorkerEnd?, wasCold: Bool, WorkerChannel.Output) {
    guard request.count - 4 <= WorkerRequest.bytesMax else {
      throw SandboxUnavailable(
        "The call takes \(request.count) bytes with its code, input and files; allowed are \(WorkerRequest.bytesMax).")
    }
    // A value, its files in base64, and what stands around them.
    let frameBytesMax = call.limits.resultBytesMax + call.limits.filesBytesMax / 3 * 4 + (64 << 10)
    var attempt = 1
    while true {
      let given = try await worker(for: call.program, request, call.limits, frameBytesMax: frameBytesMax)
      var conversation = Conversation(sandbox: self, channel: given.channel, machine: fresh, hasModel: call.hasModel)
      let end = try await conversation.hold(with: host)
      if end?.cause == .whileWaiting && conversation.machine.verdict == nil && attempt < Self.attemptsMax {
        attempt += 1
        continue
      }
      return (conversation.machine, end, given.isCold, given.channel.output)
    }
  }
}

/// For calls that run no code.
private struct NoHost: SandboxHost {
  func take(_ text: String) async throws {}

  func callModel(messages: [JSONValue], options: JSONObject) async throws -> JSONObject {
    throw SandboxRefusal("There is no model here.")
  }
}
