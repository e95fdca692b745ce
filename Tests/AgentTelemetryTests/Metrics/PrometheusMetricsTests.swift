import CoreMetrics
import Foundation
import Testing

@testable import AgentTelemetry

struct PrometheusMetricsTests {
  private let metrics = PrometheusMetrics()

  private var parsed: StrictPrometheusParser {
    get throws { try StrictPrometheusParser(metrics.render()) }
  }

  /// What is rendered without the process's own figures.
  private var text: String {
    String(decoding: metrics.render(), as: UTF8.self).components(separatedBy: "# TYPE process_")[0]
  }

  @Test func counters() throws {
    Counter(label: "runs_total", dimensions: [("status", "success")], factory: metrics).increment()
    Counter(label: "runs_total", dimensions: [("status", "success")], factory: metrics).increment(by: 4)
    Counter(label: "runs_total", dimensions: [("status", "error")], factory: metrics).increment(by: 0)
    Counter(label: "runs_total", factory: metrics).increment(by: Int64.min)
    FloatingPointCounter(label: "seconds_total", factory: metrics).increment(by: 0.25)
    FloatingPointCounter(label: "seconds_total", factory: metrics).increment(by: -1.0)
    FloatingPointCounter(label: "seconds_total", factory: metrics).increment(by: 1.5)
    #expect(
      text == """
        # TYPE runs_total counter
        runs_total 0
        runs_total{status="error"} 0
        runs_total{status="success"} 5
        # TYPE seconds_total counter
        seconds_total 1.75

        """)
    Counter(label: "runs_total", dimensions: [("status", "success")], factory: metrics).reset()
    #expect(try parsed.value("runs_total", ["status": "success"]) == 0)
  }

  @Test func gauges() throws {
    let meter = Meter(label: "active_runs", factory: metrics)
    meter.set(7)
    meter.increment(by: 2.5)
    meter.decrement(by: 10)
    Gauge(label: "breaker_state", factory: metrics).record(2)
    Recorder(label: "last_size", aggregate: false, factory: metrics).record(Int64.max)
    Meter(label: "nothing", factory: metrics).set(Double.nan)
    Meter(label: "endless", factory: metrics).set(-Double.infinity)
    let parsed = try parsed
    #expect(parsed.value("active_runs") == -0.5)
    #expect(parsed.value("breaker_state") == 2)
    #expect(parsed.value("last_size") == Double(Int64.max))
    #expect(parsed.value("nothing")?.isNaN == true)
    #expect(parsed.value("endless") == -.infinity)
  }

  @Test func timersAreHistogramsInSeconds() throws {
    let timer = Timer(label: "request_seconds", dimensions: [("route", "/v1/agents/{id}")], factory: metrics)
    for milliseconds in [0, 1, 2, 1000, 299_999, 300_001] { timer.recordMilliseconds(milliseconds) }
    timer.recordNanoseconds(-5)
    let parsed = try parsed
    let route = ["route": "/v1/agents/{id}"]
    let bucket = { le in parsed.value("request_seconds_bucket", route.merging(["le": le]) { $1 }) }
    #expect(parsed.types["request_seconds"] == "histogram")
    #expect([bucket("0.001"), bucket("0.0025"), bucket("1"), bucket("300"), bucket("+Inf")] == [3, 4, 5, 6, 7])
    #expect(parsed.value("request_seconds_count", route) == 7)
    let sum = try #require(parsed.value("request_seconds_sum", route))
    #expect(abs(sum - 601.003) < 1e-6)
  }

  @Test func aggregatingRecordersAreHistograms() throws {
    let recorder = Recorder(label: "tokens", factory: metrics)
    for value in [0.5, 1, 1.5, 1e9, -3] { recorder.record(value) }
    recorder.record(Double.nan)
    recorder.record(100)
    let parsed = try parsed
    #expect(parsed.value("tokens_bucket", ["le": "1"]) == 3)
    #expect(parsed.value("tokens_bucket", ["le": "1000000"]) == 5)
    #expect(parsed.value("tokens_count") == 6)
    #expect(parsed.value("tokens_sum") == 1e9 + 100)
  }

  @Test(arguments: [
    ("http.requests", "http_requests"), ("9lives", "_9lives"), ("a:b", "a:b"), ("任务", "__"), ("", "_"),
    ("ok_Name9", "ok_Name9"), ("a b\n# TYPE x", "a_b___TYPE_x"),
  ])
  func namesAreSanitised(label: String, name: String) throws {
    Counter(label: label, factory: metrics).increment()
    #expect(try parsed.value(name) == 1)
  }

  @Test func labelsAreSanitisedAndEscaped() throws {
    let value = "a\\b\"c\nd\u{0}é,}= 任务"
    let dimensions = [("b-c", value), ("__name__", "x"), ("le", "y"), ("a:b", "z"), ("a.b", "last"), ("", "empty")]
    Counter(label: "c", dimensions: dimensions, factory: metrics).increment()
    Counter(label: "c", dimensions: dimensions.reversed().filter { $0.0 != "a:b" }, factory: metrics).increment()
    let expected = ["b_c": value, "label___name__": "x", "label_le": "y", "a_b": "last", "_": "empty"]
    #expect(try parsed.value("c", expected) == 2)
  }

  @Test func aNameBelongsToOneKind() throws {
    Counter(label: "x", factory: metrics).increment()
    Meter(label: "x", factory: metrics).set(9)
    Timer(label: "h", factory: metrics).recordSeconds(1)
    Counter(label: "h_count", factory: metrics).increment()
    Counter(label: "y_sum", factory: metrics).increment()
    Timer(label: "y", factory: metrics).recordSeconds(1)
    Meter(label: "process_open_fds", factory: metrics).set(-1)
    let parsed = try parsed
    #expect(parsed.value("x") == 1)
    #expect(parsed.value("h_count") == 1)
    #expect(parsed.types["y"] == nil && parsed.types["h_count"] == nil)
    #expect(parsed.value("process_open_fds") != -1)
  }

  @Test func labelSetsAreBounded() throws {
    let metrics = PrometheusMetrics(labelSetsMax: 3)
    for round in 0..<2 {
      for user in 0..<10 {
        Counter(label: "c", dimensions: [("user", "\(user)")], factory: metrics).increment(by: round + 1)
      }
    }
    let parsed = try StrictPrometheusParser(metrics.render())
    #expect(parsed.samples.filter { $0.name == "c" }.count == 4)
    #expect(parsed.value("c", ["user": "2"]) == 3)
    #expect(parsed.value("c", ["user": "other"]) == 21)
  }

  @Test func anOwnLabelOtherIsTheSameSeries() throws {
    let metrics = PrometheusMetrics(labelSetsMax: 2)
    for user in ["other", "a", "b", "c"] {
      Counter(label: "c", dimensions: [("user", user)], factory: metrics).increment()
    }
    let parsed = try StrictPrometheusParser(metrics.render())
    #expect(parsed.value("c", ["user": "other"]) == 3)
  }

  @Test func destroyedSeriesAreForgotten() throws {
    let gone = Meter(label: "m", dimensions: [("a", "1")], factory: metrics)
    Meter(label: "m", dimensions: [("a", "2")], factory: metrics).set(2)
    gone.destroy()
    #expect(try parsed.samples.filter { $0.name == "m" }.map(\.labels) == [["a": "2"]])
    let timer = Timer(label: "t", factory: metrics)
    timer.destroy()
    Counter(label: "t_sum", factory: metrics).increment()
    #expect(try parsed.value("t_sum") == 1)
  }

  @Test func metricsAreBounded() throws {
    for index in 0..<(MetricRegistry.metricsMax + 10) { Counter(label: "c\(index)", factory: metrics).increment() }
    #expect(try parsed.types.filter { $0.key.hasPrefix("c") }.count == MetricRegistry.metricsMax)
  }

  @Test func theOrderIsStable() throws {
    for index in (0..<50).shuffled() {
      Counter(label: "c\(index % 7)", dimensions: [("n", "\(index)"), ("a", "b")], factory: metrics).increment()
    }
    let first = text
    #expect(text == first)
    let parsed = try parsed
    #expect(parsed.order == parsed.order.sorted())
  }

  @Test func threadsCountTogether() throws {
    let metrics = metrics
    onThreads(4) { thread in
      for _ in 0..<2000 {
        Counter(label: "c", factory: metrics).increment()
        Timer(label: "t", factory: metrics).recordNanoseconds(1_000_000_000)
        Meter(label: "m", factory: metrics).increment(by: 0.5)
        if thread == 0 { Meter(label: "n", dimensions: [("a", "\(thread)")], factory: metrics).set(1) }
      }
      _ = metrics.render()
    }
    let parsed = try parsed
    #expect(parsed.value("c") == 8000)
    #expect(parsed.value("t_sum") == 8000)
    #expect(parsed.value("m") == 4000)
  }

  #if os(Linux)
    @Test func theProcessMeasuresItself() throws {
      let opened = try (0..<20).map { _ in try LogFile() }
      let parsed = try parsed
      let value = { try #require(parsed.value($0)) }
      #expect(try value("process_resident_memory_bytes") > 1_000_000)
      #expect(try value("process_resident_memory_bytes") < 64e9)
      #expect(try value("process_open_fds") > Double(opened.count))
      #expect(try value("process_cpu_seconds_total") < 3600)
      let age = try Date().timeIntervalSince1970 - value("process_start_time_seconds")
      #expect(age > -2 && age < 3600)
      #expect(parsed.types["process_cpu_seconds_total"] == "counter")
    }
  #endif
}
