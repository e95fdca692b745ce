import AgentJSON
import AgentLLM
import AgentRuntime
import AgentServer

/// What health tells of the parts that only the composition knows: upstreams, toolsets, configuration files.
struct HealthReport: Sendable {
  let model: RoutedChatModel
  let toolsets: ToolsetCatalog
  let code: CodeExecution
  let reloads: ReloadStatus

  /// The parts as they are now; a part that is not configured is not told of.
  func details() -> [HealthDetail] {
    [upstreams, toolsetsDetail, code.health, configuration].compactMap { $0 }
  }

  private var upstreams: HealthDetail {
    let statuses = model.statuses
    let list = statuses.map { status -> JSONValue in
      var json: JSONObject = [
        "name": .string(status.name), "base_url": .string(status.baseURL),
        "model": status.model.map { .string($0) } ?? .null, "breaker": .string(status.breaker.rawValue),
        "attempts_30s": .integer(status.attempts), "failures_30s": .integer(status.failures),
      ]
      if let wait = status.opensAfter { json["next_attempt_ms"] = .milliseconds(wait) }
      if let problem = status.problem { json["message"] = .string(problem) }
      return .object(json)
    }
    let isImpaired = statuses.contains { $0.breaker != .closed }
    return HealthDetail(
      name: "upstreams", isImpaired: isImpaired,
      json: ["status": isImpaired ? "degraded" : "healthy", "upstreams": .array(list)])
  }

  private var toolsetsDetail: HealthDetail? {
    let all = toolsets.health
    guard !all.isEmpty else { return nil }
    let isImpaired = all.contains { $0.health.isReachable == false }
    let list = all.map { name, health -> JSONValue in
      var json: JSONObject = [
        "name": .string(name),
        "status": health.isReachable.map { $0 ? "healthy" : "unhealthy" } ?? "unknown",
        "tools": .integer(health.toolCount), "last_check": health.time.map { .string($0.wireText) } ?? .null,
      ]
      if let problem = health.problem { json["message"] = .string(problem) }
      return .object(json)
    }
    return HealthDetail(
      name: "toolsets", isImpaired: isImpaired,
      json: ["status": isImpaired ? "degraded" : "healthy", "toolsets": .array(list)])
  }

  private var configuration: HealthDetail? {
    let failures = reloads.failures
    guard !failures.isEmpty else { return nil }
    let list = failures.map { failure -> JSONValue in
      [
        "name": .string(failure.name), "message": .string(failure.problem),
        "time": .string(failure.time.wireText),
      ]
    }
    return HealthDetail(
      name: "configuration", isImpaired: true, json: ["status": "degraded", "failed_reloads": .array(list)])
  }
}
