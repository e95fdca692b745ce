import AgentJSON
import AgentRuntime
import FoundationEssentials
import HTTPTypes

/// Contract §5.
struct HealthEndpoints: Sendable {
  let parts: ServerParts
  let isMetricsOpen: Bool

  var endpoints: [Endpoint] {
    [
      Endpoint(
        method: .get, path: "/", summary: "What this is", needsToken: false,
        schema: EndpointSchema(response: "Service"), action: .answer(service)),
      Endpoint(
        method: .get, path: "/ping", summary: "Whether the process answers", needsToken: false, action: .answer(ping)),
      Endpoint(
        method: .get, path: "/ready", summary: "Whether it takes requests", needsToken: false, action: .answer(ready)),
      Endpoint(
        method: .get, path: "/v1/health", summary: "How the runtime and its parts are",
        schema: EndpointSchema(response: "Health"), action: .answer(health)),
      Endpoint(
        method: .get, path: "/metrics", summary: "Figures in Prometheus' text format", needsToken: !isMetricsOpen,
        action: .answer(metrics)),
    ]
  }

  @Sendable private func service(_ exchange: Exchange) async throws -> HTTPAnswer {
    .json([
      "service": "apus", "version": .string(parts.version), "status": .string(parts.state.current.rawValue),
      "docs": "/docs",
    ])
  }

  @Sendable private func ping(_ exchange: Exchange) async throws -> HTTPAnswer {
    .json(["status": "ok", "message": "pong"])
  }

  @Sendable private func ready(_ exchange: Exchange) async throws -> HTTPAnswer {
    let phase = parts.state.current
    return .json(
      ["status": .string(phase.rawValue)], status: phase == .ready ? .ok : .serviceUnavailable)
  }

  @Sendable private func metrics(_ exchange: Exchange) async throws -> HTTPAnswer {
    .text(parts.renderMetrics(), type: "text/plain; version=0.0.4; charset=utf-8")
  }

  @Sendable private func health(_ exchange: Exchange) async throws -> HTTPAnswer {
    let report = parts.health.report
    let figures = parts.statistics.figures
    let details = parts.healthDetails()
    let isUnusable = report.store.status == .unhealthy
    let isImpaired =
      report.model.status == .unhealthy || report.store.status == .degraded || report.isStale
      || details.contains(where: \.isImpaired)
    let body: JSONValue = [
      "status": isUnusable ? "unhealthy" : isImpaired ? "degraded" : "healthy",
      "timestamp": .string(Date().wireText), "version": .string(parts.version),
      "uptime_seconds": .double(Double((ContinuousClock.now - parts.state.start).nanoseconds) / 1e9),
      "last_sync": report.lastSync.map { .string($0.wireText) } ?? .null,
      "checks": .object(checks(report, details)),
      "metrics": [
        "active_agents": .integer(report.activeAgents), "total_executions": .integer(figures.total),
        "average_response_time_ms": .milliseconds(figures.averageDuration), "error_rate": .double(figures.errorRate),
      ],
    ]
    return .json(body, status: isUnusable ? .serviceUnavailable : .ok)
  }

  private func checks(_ report: HealthMonitor.Report, _ details: [HealthDetail]) -> JSONObject {
    var checks: JSONObject = [
      "llm_proxy": .object(check(report.model)), "database": .object(check(report.store)),
      "agent_templates": [
        "status": "healthy", "loaded_templates": .integer(parts.catalog.templates.newest.count),
        "last_check": .string(Date().wireText),
      ],
      "sandbox": ["status": "disabled"],
    ]
    for detail in details { checks[detail.name] = .object(detail.json) }
    return checks
  }

  private func check(_ check: HealthMonitor.Check) -> JSONObject {
    var json: JSONObject = [
      "status": .string(check.status.rawValue),
      "response_time_ms": check.responseTime.map { .milliseconds($0) } ?? .null,
      "last_check": check.time.map { .string($0.wireText) } ?? .null,
    ]
    if let problem = check.problem { json["message"] = .string(problem) }
    return json
  }
}
