import Testing

@testable import apus

@Suite struct StepAreaTests {
  @Test func isDrawnInPlace() {
    var area = StepArea(hasColour: false)
    #expect(area.show([], columns: 80) == "")
    #expect(area.show(["⠋ a 0 s"], columns: 80) == "\r⠋ a 0 s\u{1B}[K\n\u{1B}[J")
    #expect(area.show(["✓ a", "⠋ b"], columns: 80) == "\r\u{1B}[1A✓ a\u{1B}[K\n⠋ b\u{1B}[K\n\u{1B}[J")
    #expect(area.show([], columns: 80) == "\r\u{1B}[2A\u{1B}[J")
    #expect(area.show([], columns: 80) == "")
  }

  /// Lines that a terminal broke when it was made narrower are as many rows as it made of them.
  @Test(arguments: [(80, 2), (10, 2), (9, 3), (4, 4), (1, 13)])
  func knowsWhatANarrowerTerminalMadeOfIt(_ columns: Int, _ rows: Int) {
    var area = StepArea(hasColour: false)
    _ = area.show(["✓ 分析需求", "⠋ b"], columns: 80)
    #expect(area.show([], columns: columns) == "\r\u{1B}[\(rows)A\u{1B}[J")
  }

  @Test(arguments: [("✓ a", "32"), ("✗ a", "31"), ("○ a", "2"), ("⠋ a", "36"), ("… a", "2")])
  func marksHaveColours(_ line: String, _ colour: String) {
    var area = StepArea(hasColour: true)
    #expect(area.show([line], columns: 80) == "\r\u{1B}[\(colour)m\(line.prefix(1))\u{1B}[0m a\u{1B}[K\n\u{1B}[J")
  }

  @Test(arguments: [
    (true, ["TERM": "xterm"], "live(hasColour: true)"),
    (true, ["TERM": "xterm", "NO_COLOR": "1"], "live(hasColour: false)"),
    (true, ["TERM": "xterm", "NO_COLOR": ""], "live(hasColour: true)"), (true, ["TERM": "dumb"], "plain"),
    (true, [:], "plain"), (false, ["TERM": "xterm"], "plain"),
  ])
  func styleFitsTheTerminal(_ isTerminal: Bool, _ environment: [String: String], _ style: String) {
    #expect("\(StepDisplay.Style.fitting(isTerminal: isTerminal, environment: environment))" == style)
  }

  @Test func areaLeavesRoomAroundIt() {
    #expect([80, 2, 1].map { TerminalSize(columns: $0).areaColumns } == [79, 1, 1])
    #expect([24, 3, 2, 1].map { TerminalSize(rows: $0).areaRows } == [22, 1, 1, 0])
  }
}
