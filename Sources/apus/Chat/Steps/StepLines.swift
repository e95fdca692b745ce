/// The steps of a run as lines of text.
struct StepLines {
  private static let frames = Array("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
  /// How long a frame of the spinner stands.
  static let frame = Duration.milliseconds(100)

  private(set) var steps: [ChatStep] = []
  // When each was told of for the first time.
  private var starts: [Duration] = []

  /// Whether there is something that moves.
  var isRunning: Bool { steps.contains { !$0.isEnded } }

  /// Takes the whole list as it is at this time; returns the steps that have ended since the last one.
  @discardableResult
  mutating func take(_ new: [ChatStep], at now: Duration) -> [ChatStep] {
    let ended = new.indices.filter { new[$0].isEnded && !(steps.indices.contains($0) && steps[$0].isEnded) }
    starts = new.indices.map { starts.indices.contains($0) ? starts[$0] : now }
    steps = new
    return ended.map { new[$0] }
  }

  /// A line a step, the last ones where there is no room for all: what was left out takes a line, too.
  func lines(at now: Duration, rows: Int, columns: Int) -> [String] {
    let all = steps.indices.map { line($0, at: now, columns: columns) }
    guard all.count > rows else { return all }
    guard rows > 1 else { return all.suffix(rows) }
    return [TerminalText.cut("… \(all.count - rows + 1) before", to: columns)] + all.suffix(rows - 1)
  }

  /// A line for each step that failed.
  func failures(columns: Int) -> [String] {
    steps.filter { $0.status == .error }.map { Self.line($0, columns: columns) }
  }

  /// A line a step when nothing more will be told: none moves.
  func standing(at now: Duration, columns: Int) -> [String] {
    zip(steps, starts).map { step, start in
      var last = step
      if !step.isEnded { (last.status, last.milliseconds) = (.skipped, (now - start) / .milliseconds(1)) }
      return Self.line(last, columns: columns)
    }
  }

  /// A step that has ended.
  static func line(_ step: ChatStep, columns: Int) -> String {
    let mark =
      switch step.status {
      case .completed: "✓"
      case .error: "✗"
      case .running, .skipped: "○"
      }
    return line(mark, step, time(step.milliseconds), columns)
  }

  private func line(_ index: Int, at now: Duration, columns: Int) -> String {
    let step = steps[index]
    guard !step.isEnded else { return Self.line(step, columns: columns) }
    let mark = Self.frames[Int(now / Self.frame) % Self.frames.count]
    return Self.line(String(mark), step, "\((now - starts[index]).components.seconds) s", columns)
  }

  private static func line(_ mark: String, _ step: ChatStep, _ time: String, _ columns: Int) -> String {
    let end = " \(time)" + (step.attempts > 1 ? " ↻ \(step.attempts)" : "")
    // A long name leaves room for what comes after it.
    let room = columns - TerminalText.width(end) - 2
    let name = TerminalText.cut(step.name, to: max(step.error == nil ? room : min(room, columns / 2), 1))
    return TerminalText.cut("\(mark) \(name)\(end)" + (step.error.map { ": \($0)" } ?? ""), to: columns)
  }

  /// Hundredths below ten seconds, tenths below a minute: as much as is of use.
  private static func time(_ milliseconds: Double) -> String {
    guard milliseconds.isFinite, milliseconds < 1e12 else { return "?" }
    let hundredths = Int((max(milliseconds, 0) / 10).rounded())
    switch hundredths {
    case ..<1000:
      let digits = hundredths % 100
      return "\(hundredths / 100).\(digits < 10 ? "0" : "")\(digits) s"
    case ..<6000: return "\(hundredths / 100).\(hundredths % 100 / 10) s"
    default: return "\(hundredths / 6000) min \(hundredths / 100 % 60) s"
    }
  }
}
