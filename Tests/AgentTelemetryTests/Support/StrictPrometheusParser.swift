/// A small strict parser of the Prometheus text format 0.0.4: what it takes, Prometheus takes.
struct StrictPrometheusParser {
  struct Sample: Hashable {
    var name: String
    var labels: [String: String]
    var value: Double
  }

  struct Failure: Error {
    var line: String
    var reason: String
  }

  private(set) var types: [String: String] = [:]
  private(set) var samples: [Sample] = []
  /// The names of the `# TYPE` lines in their order.
  private(set) var order: [String] = []

  init(_ bytes: [UInt8]) throws {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(line: "", reason: "not UTF-8")
    }
    guard text.isEmpty || text.hasSuffix("\n") else { throw Failure(line: text, reason: "no line feed at the end") }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() { try read(String(line)) }
    guard Set(samples.map { Sample(name: $0.name, labels: $0.labels, value: 0) }).count == samples.count else {
      throw Failure(line: "", reason: "a sample twice")
    }
    try checkHistograms()
  }

  func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    samples.first { $0.name == name && $0.labels == labels }?.value
  }

  private mutating func read(_ line: String) throws {
    if line.hasPrefix("# TYPE ") {
      let parts = line.dropFirst(7).split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, isName(parts[0], colon: true), types[parts[0]] == nil,
        ["counter", "gauge", "histogram"].contains(parts[1])
      else { throw Failure(line: line, reason: "TYPE") }
      types[parts[0]] = parts[1]
      order.append(parts[0])
    } else {
      let sample = try sample(line)
      guard let family = order.last, let type = types[family] else { throw Failure(line: line, reason: "no TYPE") }
      let names = type == "histogram" ? ["_bucket", "_sum", "_count"].map { family + $0 } : [family]
      guard names.contains(sample.name) else { throw Failure(line: line, reason: "not of the metric above") }
      samples.append(sample)
    }
  }

  private func sample(_ line: String) throws -> Sample {
    var rest = line.unicodeScalars[...]
    let name = String(rest.prefix { $0 != "{" && $0 != " " })
    guard isName(name, colon: true) else { throw Failure(line: line, reason: "name") }
    rest = rest.dropFirst(name.unicodeScalars.count)
    var labels: [String: String] = [:]
    if rest.first == "{" {
      rest.removeFirst()
      while true {
        let label = String(rest.prefix { $0 != "=" })
        guard isName(label, colon: false), labels[label] == nil else { throw Failure(line: line, reason: "label") }
        rest = rest.dropFirst(label.unicodeScalars.count + 1)
        labels[label] = try quoted(&rest, line: line)
        guard let next = rest.popFirst() else { throw Failure(line: line, reason: "open brace") }
        if next == "}" { break }
        guard next == "," else { throw Failure(line: line, reason: "comma") }
      }
    }
    guard rest.popFirst() == " " else { throw Failure(line: line, reason: "blank") }
    return Sample(name: name, labels: labels, value: try number(String(rest), line: line))
  }

  private func quoted(_ rest: inout Substring.UnicodeScalarView, line: String) throws -> String {
    guard rest.popFirst() == "\"" else { throw Failure(line: line, reason: "quote") }
    var value = String.UnicodeScalarView()
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\"": return String(value)
      case "\\":
        switch rest.popFirst() {
        case "\\": value.append("\\")
        case "\"": value.append("\"")
        case "n": value.append("\n")
        default: throw Failure(line: line, reason: "escape")
        }
      default: value.append(scalar)
      }
    }
    throw Failure(line: line, reason: "open quote")
  }

  private func number(_ text: String, line: String) throws -> Double {
    switch text {
    case "+Inf": return .infinity
    case "-Inf": return -.infinity
    case "NaN": return .nan
    default:
      guard text.first != "+", let value = Double(text), value.isFinite, !text.contains("x") else {
        throw Failure(line: line, reason: "number")
      }
      return value
    }
  }

  private func isName(_ text: String, colon: Bool) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
      case 0x3A: colon
      default: false
      }
    }
  }

  /// Buckets rise and the last is that of all values, which `_count` repeats.
  private func checkHistograms() throws {
    for (name, type) in types where type == "histogram" {
      var series: [[String: String]: [(bound: Double, count: Double)]] = [:]
      for sample in samples where sample.name == name + "_bucket" {
        var labels = sample.labels
        guard let le = labels.removeValue(forKey: "le") else { throw Failure(line: name, reason: "le") }
        series[labels, default: []].append((try number(le, line: name), sample.value))
      }
      for (labels, buckets) in series {
        let isRising = zip(buckets, buckets.dropFirst()).allSatisfy { $0.bound < $1.bound && $0.count <= $1.count }
        guard isRising, buckets.last?.bound == .infinity, value(name + "_sum", labels) != nil,
          value(name + "_count", labels) == buckets.last?.count
        else { throw Failure(line: name, reason: "buckets") }
      }
    }
  }
}
