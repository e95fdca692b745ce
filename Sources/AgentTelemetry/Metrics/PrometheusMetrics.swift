public import CoreMetrics
import Synchronization

/// The process's metrics, in memory, and their text for Prometheus (text format 0.0.4).
///
/// Counters and floating-point counters are counters, meters and recorders that do not aggregate are gauges,
/// aggregating recorders are histograms, timers are histograms in seconds. Names are written as they come, with `_`
/// for what Prometheus does not allow. A metric whose name another kind has taken works, but is not rendered.
public final class PrometheusMetrics: MetricsFactory {
  /// The `Content-Type` of what `render` returns.
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// The upper bounds of timers, in seconds: 1 ms to 5 minutes.
  static let secondBounds = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
  ]
  /// The upper bounds of recorders, which count tokens, bytes and the like: 1 to 1,000,000.
  static let sizeBounds: [Double] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 1_000_000,
  ]

  private let process = ProcessFigures()
  private let registry: Mutex<MetricRegistry>

  /// Keeps at most that many label sets of each metric; all further ones are counted in one, of the values `other`.
  public init(labelSetsMax: Int = 1000) {
    registry = Mutex(MetricRegistry(labelSetsMax: labelSetsMax, reserved: ProcessFigures.names))
  }

  /// All metrics and the process's own figures, sorted by name; always in the same order.
  public func render() -> [UInt8] {
    let metrics = registry.withLock { $0.sorted }
    var writer = PrometheusWriter()
    for metric in metrics {
      writer.type(metric.name, metric.kind)
      for (labels, series) in metric.series { series.write(name: metric.name, labels: labels, to: &writer) }
    }
    process.write(to: &writer)
    return writer.bytes
  }

  /// A counter.
  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, .counter, dimensions) { CounterSeries() }
  }

  /// A counter of fractions.
  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    series(label, .counter, dimensions) { CounterSeries() }
  }

  /// A gauge.
  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, .gauge, dimensions) { GaugeSeries() }
  }

  /// A histogram if it aggregates, else a gauge.
  public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    guard aggregate else { return series(label, .gauge, dimensions) { GaugeSeries() } }
    return series(label, .histogram, dimensions) { HistogramSeries(bounds: Self.sizeBounds) }
  }

  /// A histogram in seconds.
  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, .histogram, dimensions) { HistogramSeries(bounds: Self.secondBounds) }
  }

  /// Forgets the counter's figures.
  public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
  /// Forgets the counter's figures.
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
  /// Forgets the gauge's figure.
  public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
  /// Forgets the recorder's figures.
  public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
  /// Forgets the timer's figures.
  public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

  private func series<Series: MetricSeries>(
    _ label: String, _ kind: MetricKind, _ dimensions: [(String, String)], make: () -> Series
  ) -> Series {
    let name = MetricName.metric(label)
    return registry.withLock { $0.series(name, kind, dimensions, make: make) } ?? make()
  }

  private func remove(_ handler: AnyObject) {
    guard let series = handler as? any MetricSeries else { return }
    registry.withLock { $0.remove(series) }
  }
}
