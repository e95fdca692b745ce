/// Writes the Prometheus text format, version 0.0.4.
struct PrometheusWriter {
  private(set) var bytes: [UInt8] = []

  /// `# TYPE name kind`, which goes before a metric's samples.
  mutating func type(_ name: String, _ kind: MetricKind) { append("# TYPE \(name) \(kind.rawValue)\n") }

  /// `name{labels} value`.
  mutating func sample(_ name: String, _ labels: LabelSet, _ value: Double) {
    append(name)
    if !labels.text.isEmpty { append("{\(labels.text)}") }
    append(" \(Self.text(value))\n")
  }

  /// `name_bucket{labels,le="bound"} count`.
  mutating func bucket(_ name: String, _ labels: LabelSet, bound: Double, _ count: Int) {
    let separator = labels.text.isEmpty ? "" : ","
    append("\(name)_bucket{\(labels.text)\(separator)le=\"\(Self.text(bound))\"} \(count)\n")
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// The shortest text of the number, whole ones without a fraction.
  private static func text(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if let whole = Int(exactly: value), abs(whole) < 1 << 53 { return String(whole) }
    return value.description
  }
}
