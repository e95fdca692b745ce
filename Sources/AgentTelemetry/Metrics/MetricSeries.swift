import Metrics
import Synchronization

/// The kinds of metric that the Prometheus text format names.
enum MetricKind: String, Sendable {
  case counter
  case gauge
  case histogram
}

/// One line, or for a histogram one block of lines, of a metric: what is counted for one set of labels.
protocol MetricSeries: AnyObject, Sendable {
  /// Writes the sample lines.
  func write(name: String, labels: LabelSet, to writer: inout PrometheusWriter)
}

/// A figure that only grows, but for `reset`.
final class CounterSeries: MetricSeries, CounterHandler, FloatingPointCounterHandler {
  private let value = AtomicDouble()

  func increment(by amount: Int64) { increment(by: Double(amount)) }

  /// What is not above zero is ignored: a counter that falls would read as a restart.
  func increment(by amount: Double) {
    guard amount > 0 else { return }
    value.add(amount)
  }

  func reset() { value.set(0) }

  func write(name: String, labels: LabelSet, to writer: inout PrometheusWriter) {
    writer.sample(name, labels, value.current)
  }
}

/// A figure that rises and falls.
final class GaugeSeries: MetricSeries, MeterHandler, RecorderHandler {
  private let value = AtomicDouble()

  func set(_ value: Int64) { self.value.set(Double(value)) }
  func set(_ value: Double) { self.value.set(value) }
  func increment(by amount: Double) { value.add(amount) }
  func decrement(by amount: Double) { value.add(-amount) }
  func record(_ value: Int64) { set(value) }
  func record(_ value: Double) { set(value) }

  func write(name: String, labels: LabelSet, to writer: inout PrometheusWriter) {
    writer.sample(name, labels, value.current)
  }
}

/// How many values fell under each of the bounds, and their sum.
final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
  private struct State {
    /// How many fell between a bound and the one before; the last for those above all bounds.
    var counts: [Int]
    var sum = 0.0
  }

  /// The upper bounds, rising, each inclusive.
  private let bounds: [Double]
  private let state: Mutex<State>

  init(bounds: [Double]) {
    self.bounds = bounds
    self.state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  func record(_ value: Int64) { record(Double(value)) }

  /// NaN is ignored: it would spoil the sum for good.
  func record(_ value: Double) {
    guard !value.isNaN else { return }
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock { state in
      state.counts[bucket] += 1
      state.sum += value
    }
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(max(0, duration)) / 1e9) }

  func write(name: String, labels: LabelSet, to writer: inout PrometheusWriter) {
    let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
    var total = 0
    for (index, count) in counts.enumerated() {
      total += count
      writer.bucket(name, labels, bound: index < bounds.count ? bounds[index] : .infinity, total)
    }
    writer.sample(name + "_sum", labels, sum)
    writer.sample(name + "_count", labels, Double(total))
  }
}

/// A double that several threads may change at once.
final class AtomicDouble: Sendable {
  private let bits = Atomic<UInt64>(0)

  var current: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

  func add(_ amount: Double) {
    var expected = bits.load(ordering: .relaxed)
    while true {
      let sum = (Double(bitPattern: expected) + amount).bitPattern
      let result = bits.weakCompareExchange(expected: expected, desired: sum, ordering: .relaxed)
      if result.exchanged { return }
      expected = result.original
    }
  }
}
