import AgentJSON
import AgentRuntime
import AgentSandbox
import AgentServer
import AgentTelemetry
import AgentTools
import Logging

/// Whether and how user code is run: the sandbox, the toolset over it, and what health tells.
struct CodeExecution: Sendable {
  /// Runs code; nil where it is off or not installed.
  let sandbox: SupervisedSandbox?
  /// Gets packages and repositories for it; nil where neither is configured.
  let supply: LayerStore?
  /// `code_interpreter`; one source for the process, since it keeps files.
  let interpreter: CodeInterpreterSource?
  /// Why there is no sandbox.
  let refusal: String?

  init(_ settings: Settings, logger: Logger) {
    supply = settings.layers(logger: logger)
    switch settings.sandbox(logger: logger) {
    case .success(let sandbox):
      self.sandbox = sandbox
      interpreter = CodeInterpreterSource(sandbox)
      refusal = nil
    case .failure(let unavailable):
      sandbox = nil
      interpreter = nil
      refusal = unavailable.message
    }
  }

  /// The check `sandbox` of health: degraded where code should run and cannot.
  var health: HealthDetail {
    guard let status = sandbox?.status else {
      return HealthDetail(
        name: "sandbox", isImpaired: false,
        json: ["status": "disabled", "message": refusal.map { .string($0) } ?? .null])
    }
    var json: JSONObject = [
      "status": status.canRun ? "healthy" : "unhealthy", "isolation": status.isolation.map { .string($0) } ?? .null,
      "limits": .object(JSONObject(status.enforcement.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
    ]
    var languages: JSONObject = [:]
    for language in SandboxLanguage.allCases {
      guard let found = status.languages[language] else { continue }
      languages[language.rawValue] = Self.json(found)
    }
    json["languages"] = .object(languages)
    if let refusal = status.refusal { json["message"] = .string(refusal) }
    return HealthDetail(name: "sandbox", isImpaired: !status.canRun, json: json)
  }

  /// Writes all metrics, with the workers as they stand then.
  func rendering(_ metrics: PrometheusMetrics) -> @Sendable () -> [UInt8] {
    { [sandbox] in
      if let sandbox { SandboxMetrics.note(sandbox.status) }
      return metrics.render()
    }
  }

  private static func json(_ language: SandboxStatus.Language) -> JSONValue {
    var json: JSONObject = [
      "versions": .array(language.versions.map { .string($0) }), "idle": .integer(language.idle),
      "busy": .integer(language.busy), "target": .integer(language.target),
      "cold_starts": .integer(language.coldStarts),
    ]
    if let refusal = language.refusal { json["message"] = .string(refusal) }
    return .object(json)
  }
}
