import Foundation
import Testing

@testable import AgentTelemetry

struct LogTimeTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
    (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    (-1, "1969-12-31T23:59:59.999Z"), (1_735_689_599_001, "2024-12-31T23:59:59.001Z"),
  ])
  func writesUTC(milliseconds: Int, text: String) {
    #expect(String(decoding: LogTime(milliseconds: milliseconds).bytes, as: UTF8.self) == text)
  }

  @Test func agreesWithFoundation() {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    // Whole seconds: Foundation rounds fractions down by way of binary ones.
    for day in stride(from: 0, to: 60_000, by: 7) {
      let second = day * 86_400 + day % 86_400
      let text = Date(timeIntervalSince1970: Double(second)).formatted(style)
      #expect(String(decoding: LogTime(milliseconds: second * 1000).bytes, as: UTF8.self) == text)
    }
  }

  @Test func nowIsTheWallClock() {
    let before = Int(Date().timeIntervalSince1970 * 1000) - 1
    let now = LogTime.now.milliseconds
    #expect(now >= before && now <= before + 60_000)
  }
}
