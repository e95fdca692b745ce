import AgentRuntime

extension SandboxOutcome {
  /// What a call came to, by what its frames say and by how its process ended.
  init(_ verdict: CallStateMachine.Verdict?, _ end: WorkerEnd) {
    // What is printed is counted apart from the frames: a result does not excuse a flood.
    if end.cause == .output {
      self = .outputLimit
      return
    }
    switch verdict {
    case .value(let value, _): self = .value(value)
    case .exception(let exception): self = exception.isOutOfMemory ? .memoryLimit : .exception(exception)
    case .resultTooLarge: self = .resultTooLarge
    case .tooMuchText: self = .outputLimit
    case .fault(let why): self = .crashed("The program's process broke the protocol: \(why).")
    case .checked: self = .crashed("The program's process broke the protocol: it sent a frame out of order.")
    case nil: self = .withoutFrames(end)
    }
  }

  private static func withoutFrames(_ end: WorkerEnd) -> SandboxOutcome {
    switch end.cause {
    case .timeout, .processorTime: .timeout
    case .memory: .memoryLimit
    case .output: .outputLimit
    case .exited: .crashed("The program ended its process with exit code \(end.code) before it had a result.")
    case .signal: .crashed("The program's process was ended by \(signalName(end.code)) before it had a result.")
    case .killed, .whileWaiting, .settled: .crashed("The program's process was killed before it had a result.")
    }
  }

  private static func signalName(_ number: Int) -> String {
    let names = [
      4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 24: "SIGXCPU",
      25: "SIGXFSZ", 31: "SIGSYS (a system call that is not allowed)",
    ]
    return names[number] ?? "signal \(number)"
  }

  /// For metrics and logs.
  var name: String {
    switch self {
    case .value: "ok"
    case .exception: "error"
    case .timeout: "timeout"
    case .memoryLimit: "memory_limit"
    case .outputLimit: "output_limit"
    case .resultTooLarge: "result_too_large"
    case .crashed: "crashed"
    }
  }
}

extension SandboxException {
  /// An allocation was refused, and the interpreter made an exception of it.
  fileprivate var isOutOfMemory: Bool {
    kind == .exception
      && (name == "MemoryError" || (name == "RangeError" && message.contains("allocation failed")))
  }
}
