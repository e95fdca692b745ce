import AgentGraph
import AgentJSON

/// What every agent of type `custom` does (contract §4): its code is called once, in the sandbox.
struct CustomCode: Sendable {
  let settings: CustomCodeBot.Settings

  init(_ settings: CustomCodeBot.Settings) { self.settings = settings }

  /// Answers one request.
  func answer(_ run: AgentRun) async throws -> ChatCompletion {
    try await run.takePlace()
    guard run.call.approvals.isEmpty else {
      let path: [Fault.Step] = [.key("body"), .key("metadata"), .key("approvals")]
      throw RuntimeError.invalid([Fault(path: path, message: "this agent asks for no approval", type: "unknown")])
    }
    let work = CustomCodeWork(run: run, code: self)
    let result = try await Self.graph.run(.write(\.work, work), options: RunOptions(durability: .exit))
    if let answer = result.state.answer { return answer.completion }
    throw RuntimeError(.internal, "The graph of custom code ended without an answer.")
  }

  /// A source as the sandbox takes it, with what it may import.
  func program(_ source: String, layer: SandboxLayer? = nil) -> SandboxProgram {
    let version = settings.runtime.version
    return SandboxProgram(
      language: language, version: version.isEmpty ? nil : version, source: source,
      entryPoint: settings.codeSource.entryPoint, layer: language == .python ? layer : nil)
  }

  /// What the code may use.
  var limits: SandboxLimits {
    SandboxLimits(
      timeout: .milliseconds(Int(settings.runtime.timeout * 1000)),
      memoryMB: Int(settings.runtime.memoryLimit.rounded(.up)))
  }

  var language: SandboxLanguage {
    switch settings.runtime.language {
    case .python: .python
    case .javascript: .javascript
    case .typescript: .typescript
    }
  }
}
