/// The metrics by name and their series by labels, within bounds.
struct MetricRegistry {
  private struct Family {
    let kind: MetricKind
    var series: [LabelSet: any MetricSeries] = [:]
    /// What stands for all label sets above the bound.
    var other: (labels: LabelSet, series: any MetricSeries)?
  }

  /// No more metrics than this are kept; names come from the code, so only a mistake gets here.
  static let metricsMax = 1000

  private let labelSetsMax: Int
  private var families: [String: Family] = [:]
  /// The names of all sample lines, such as `x_count` of a histogram `x`: each belongs to one metric.
  private var sampleNames: Set<String>

  init(labelSetsMax: Int, reserved: some Sequence<String>) {
    self.labelSetsMax = labelSetsMax
    self.sampleNames = Set(reserved)
  }

  /// The series of that name and labels, made if it is new; nil if the name belongs to a metric of another kind.
  mutating func series<Series: MetricSeries>(
    _ name: String, _ kind: MetricKind, _ dimensions: [(String, String)], make: () -> Series
  ) -> Series? {
    guard claim(name, kind) else { return nil }
    let labels = LabelSet(dimensions)
    if let known = families[name]?.series[labels] { return known as? Series }
    if let other = families[name]?.other { return other.series as? Series }
    let series = make()
    if families[name]?.series.count ?? 0 < labelSetsMax {
      families[name]?.series[labels] = series
    } else {
      // A series that the code itself labelled so serves as well, or two lines would be the same.
      let labels = LabelSet.other(dimensions)
      let known = families[name]?.series[labels]
      families[name]?.other = (labels, known ?? series)
      if known != nil { return known as? Series }
    }
    return series
  }

  /// Forgets a series, and with its last one the metric.
  mutating func remove(_ series: any MetricSeries) {
    for (name, family) in families {
      guard let labels = family.series.first(where: { $0.value === series })?.key else { continue }
      families[name]?.series[labels] = nil
      guard family.series.count == 1, family.other == nil else { return }
      families[name] = nil
      sampleNames.subtract(Self.sampleNames(name, family.kind))
      return
    }
  }

  /// All metrics, sorted by name, and their series, sorted by labels.
  var sorted: [(name: String, kind: MetricKind, series: [(labels: LabelSet, series: any MetricSeries)])] {
    families.sorted { $0.key < $1.key }.map { name, family in
      var series = family.series.map { (labels: $0.key, series: $0.value) }
      if let other = family.other, family.series[other.labels] == nil { series.append(other) }
      return (name, family.kind, series.sorted { $0.labels.text < $1.labels.text })
    }
  }

  private mutating func claim(_ name: String, _ kind: MetricKind) -> Bool {
    if let family = families[name] { return family.kind == kind }
    let names = Self.sampleNames(name, kind)
    guard families.count < Self.metricsMax, sampleNames.isDisjoint(with: names) else { return false }
    sampleNames.formUnion(names)
    families[name] = Family(kind: kind)
    return true
  }

  private static func sampleNames(_ name: String, _ kind: MetricKind) -> [String] {
    kind == .histogram ? [name, name + "_bucket", name + "_sum", name + "_count"] : [name]
  }
}
