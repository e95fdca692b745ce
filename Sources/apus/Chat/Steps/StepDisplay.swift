import Synchronization

/// Shows people, on standard error, how far the steps of a run are until its answer begins.
final class StepDisplay: Sendable {
  /// How it does that.
  enum Style: Sendable {
    /// An area of the terminal that moves.
    case live(hasColour: Bool)
    /// A line for each step that ends.
    case plain
  }

  private struct State {
    var lines = StepLines()
    var area: StepArea?
    var isClosed = false
  }

  /// Of a line that no terminal's width bounds.
  private static let columnsMax = 1000
  private let begin = ContinuousClock.now
  private let state: Mutex<State>

  init(_ style: Style) {
    var state = State()
    if case .live(let hasColour) = style { state.area = StepArea(hasColour: hasColour) }
    self.state = Mutex(state)
  }

  /// Takes the steps as they are by now.
  func take(_ steps: [ChatStep]) {
    state.withLock { state in
      guard !state.isClosed else { return }
      let ended = state.lines.take(steps, at: now)
      if state.area != nil { return draw(&state) }
      for step in ended { StandardStreams.writeError(StepLines.line(step, columns: Self.columnsMax) + "\n") }
    }
  }

  /// Makes room for the answer: of the steps those stay that failed.
  func answerBegins() { close { $0.failures(columns: $1) } }

  /// Leaves what it shows as it stands; does nothing after the answer has begun.
  func stop() { close { $0.standing(at: now, columns: $1) } }

  /// Keeps what moves moving until its task is cancelled.
  func keepMoving() async {
    guard state.withLock({ $0.area != nil }) else { return }
    while (try? await Task.sleep(for: StepLines.frame)) != nil {
      state.withLock { state in if !state.isClosed, state.lines.isRunning { draw(&state) } }
    }
  }

  private var now: Duration { .now - begin }

  private func draw(_ state: inout State) {
    let size = TerminalSize.current
    let lines = state.lines.lines(at: now, rows: size.areaRows, columns: size.areaColumns)
    StandardStreams.writeError(state.area?.show(lines, columns: size.columns) ?? "")
  }

  private func close(_ last: (StepLines, _ columns: Int) -> [String]) {
    state.withLock { state in
      guard !state.isClosed else { return }
      state.isClosed = true
      let size = TerminalSize.current
      let lines = last(state.lines, size.areaColumns)
      StandardStreams.writeError(state.area?.show(lines, columns: size.columns) ?? "")
    }
  }
}

extension StepDisplay.Style {
  /// What suits standard error, and the environment of this process.
  static func fitting(isTerminal: Bool, environment: [String: String]) -> Self {
    let terminal = environment["TERM"] ?? ""
    guard isTerminal, !terminal.isEmpty, terminal != "dumb" else { return .plain }
    // https://no-color.org: whatever it says, but not nothing.
    return .live(hasColour: environment["NO_COLOR"]?.isEmpty ?? true)
  }
}
