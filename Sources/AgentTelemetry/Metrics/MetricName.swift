/// Names and labels in the form that the Prometheus text format allows.
enum MetricName {
  /// The label with `_` for what a metric's name may not hold: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
  static func metric(_ label: String) -> String { sanitized(label, allowsColon: true) }

  /// The name with `_` for what a label's name may not hold; names that Prometheus keeps for itself get a prefix.
  static func label(_ name: String) -> String {
    let name = sanitized(name, allowsColon: false)
    return name == "le" || name == "quantile" || name.hasPrefix("__") ? "label_\(name)" : name
  }

  private static func sanitized(_ text: String, allowsColon: Bool) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "a"..."z", "A"..."Z", "_": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      case "0"..."9":
        if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
        bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      case ":" where allowsColon: bytes.append(UInt8(ascii: ":"))
      default: bytes.append(UInt8(ascii: "_"))
      }
    }
    return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
  }
}

/// The labels of one series, as the text between the braces; equal sets have equal texts.
struct LabelSet: Sendable, Hashable {
  /// `a="b",c="d"`, sorted by name; empty without labels.
  let text: String

  /// Of names that are the same once they are sanitised the last one counts.
  init(_ dimensions: [(String, String)]) {
    guard !dimensions.isEmpty else { text = ""; return }
    var labels: [String: String] = [:]
    for (name, value) in dimensions { labels[MetricName.label(name)] = value }
    text = labels.sorted { $0.key < $1.key }
      .map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
      .joined(separator: ",")
  }

  /// The same names, each with the value `other`.
  static func other(_ dimensions: [(String, String)]) -> LabelSet {
    LabelSet(dimensions.map { ($0.0, "other") })
  }

  private static func escaped(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else { return value }
    var text = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": text += #"\\"#
      case "\"": text += #"\""#
      case "\n": text += #"\n"#
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
