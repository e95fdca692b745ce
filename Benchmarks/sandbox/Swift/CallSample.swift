import AgentJSON

/// What one call took.
struct CallSample {
  /// From the request to the result.
  var milliseconds: Double
  /// As the supervisor's clock has it: from the moment that the code's time began.
  var wallMilliseconds: Double
  var wasCold: Bool

  /// The figures of calls that took so long together.
  static func figures(_ samples: [Self], seconds: Double) -> JSONObject {
    let sorted = samples.map(\.milliseconds).sorted()
    let wallMax = samples.map(\.wallMilliseconds).max() ?? 0
    return [
      "complete": .integer(samples.count), "seconds": rounded(seconds),
      "rps": rounded(Double(samples.count) / seconds), "p50_ms": rounded(at(0.5, sorted)),
      "p99_ms": rounded(at(0.99, sorted)), "max_ms": rounded(sorted.last ?? 0), "wall_max_ms": rounded(wallMax),
      "cold_starts": .integer(samples.count { $0.wasCold }),
    ]
  }

  /// The nearest rank, as the load generator takes it.
  private static func at(_ part: Double, _ sorted: [Double]) -> Double {
    let rank = Int((part * Double(sorted.count)).rounded(.up))
    return sorted.isEmpty ? 0 : sorted[max(rank, 1) - 1]
  }

  /// Microseconds are enough.
  private static func rounded(_ value: Double) -> JSONValue { .double((value * 1000).rounded() / 1000) }
}
