import AgentJSON
import Foundation

func median(_ values: some Sequence<Double>) -> Double {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// Six decimals: a superstep takes microseconds, and the unit is the millisecond.
func rounded(_ value: Double) -> JSONValue { .double((value * 1_000_000).rounded() / 1_000_000) }

/// The highest memory that the process held so far, from `/proc`; nil on other systems than Linux.
func peakMegabytes() -> JSONValue {
  guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
    let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
    let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Double($0) })
  else { return .null }
  return .double((kilobytes / 1024 * 10).rounded() / 10)
}

/// A run that did not do what it must; its figures do not count.
struct BenchFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
