import AgentJSON
import AgentRuntime
import HTTPTypes
import Logging
import Metrics
import Synchronization

/// What is known of a request when it ends.
struct RequestRecord: Sendable {
  let start = ContinuousClock.now
  let requestID: String
  let method: String
  var path: Substring = ""
  /// The endpoint's place in the table; nil where none was found.
  var endpoint: Int?
  var notes = RequestNotes()
  var error: RuntimeError?
  /// What is left to the caller; only where a rate limit refused the request.
  var rates: RateLimitStatus?
  /// The client left before its answer was complete.
  var isAbandoned = false

  init(requestID: String, method: String) {
    self.requestID = requestID
    self.method = method
  }
}

/// Writes a request's log line, and counts it. Labels are the route's pattern and the status, never what callers send.
struct RequestRecorder: Sendable {
  private let logger: Logger
  private let routes: [String]
  private let durations: [Timer]
  private let counters = Counters()

  private final class Counters: Sendable {
    struct Key: Hashable {
      var route: String
      var method: String
      var status: Int
    }
    let all = Mutex<[Key: Counter]>([:])
  }

  init(endpoints: [Endpoint], logger: Logger) {
    self.logger = logger
    routes = endpoints.map(\.path)
    durations = endpoints.map {
      Timer(
        label: "apus_http_request_duration_seconds",
        dimensions: [("route", $0.path), ("method", $0.method.rawValue)])
    }
  }

  /// The status in the log of a client that went away before it was answered, as nginx has it.
  private static let clientClosed = 499

  func finish(_ record: RequestRecord, status: Int?) {
    let duration = ContinuousClock.now - record.start
    let status = record.isAbandoned ? Self.clientClosed : status ?? Self.clientClosed
    count(record, status, duration)
    let error = record.error ?? record.notes.lateError
    let level: Logger.Level = status >= 500 || (error?.status ?? 0) >= 500 ? .error : .info
    guard logger.logLevel <= level else { return }
    logger.log(level: level, "request", metadata: metadata(record, status, duration, error))
  }

  private func count(_ record: RequestRecord, _ status: Int, _ duration: Duration) {
    if let index = record.endpoint { durations[index].recordNanoseconds(duration.nanoseconds) }
    let route = record.endpoint.map { routes[$0] } ?? "none"
    let method = record.endpoint == nil ? "other" : record.method
    let key = Counters.Key(route: route, method: method, status: status)
    let counter = counters.all.withLock { all in
      if let counter = all[key] { return counter }
      let counter = Counter(
        label: "apus_http_requests_total",
        dimensions: [("route", route), ("method", method), ("status", String(status))])
      all[key] = counter
      return counter
    }
    counter.increment()
  }

  private func metadata(
    _ record: RequestRecord, _ status: Int, _ duration: Duration, _ error: RuntimeError?
  ) -> Logger.Metadata {
    var metadata: Logger.Metadata = [
      "request_id": "\(record.requestID)", "method": "\(record.method)", "path": "\(record.path.prefix(200))",
      "status": "\(status)", "duration_ms": "\(JSONValue.milliseconds(duration).encodedText)",
    ]
    if let agent = record.notes.agentID { metadata["agent_id"] = "\(agent)" }
    if let run = record.notes.runID { metadata["run_id"] = "\(run)" }
    if let usage = record.notes.usage {
      metadata["prompt_tokens"] = "\(usage.promptTokens)"
      metadata["completion_tokens"] = "\(usage.completionTokens)"
    }
    if let error {
      metadata["code"] = "\(error.code.rawValue)"
      metadata["error"] = "\(error.logText)"
    }
    return metadata
  }
}

extension Duration {
  /// Whole nanoseconds.
  var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
