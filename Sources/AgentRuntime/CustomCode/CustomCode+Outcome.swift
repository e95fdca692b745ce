import AgentJSON

extension CustomCode {
  /// What the entry point returned. Throws `RuntimeError` 500 with the traceback of the user's own frames in its
  /// details for code that failed (contract §4).
  func value(of outcome: SandboxOutcome) throws -> JSONValue {
    switch outcome {
    case .value(let value): return value
    case .exception(let exception): throw failure(exception)
    case .timeout:
      let seconds = settings.runtime.timeout.settingJSON.encodedText
      throw failure("timeout", "took longer than runtime.timeout allows (\(seconds) s)")
    case .memoryLimit:
      let size = settings.runtime.memoryLimit.settingJSON.encodedText
      throw failure("memory_limit", "wanted more memory than runtime.memoryLimit allows (\(size) MB)")
    case .outputLimit: throw failure("output_limit", "printed or yielded more than it may")
    case .resultTooLarge:
      throw failure("result_too_large", "returned more than the \(limits.resultBytesMax) bytes that it may")
    case .crashed(let how): throw failure("crashed", "ended by itself: \(how)")
    }
  }

  private func failure(_ kind: String, _ message: String) -> RuntimeError {
    RuntimeError(
      .execution, "The agent's code \(message).", details: ["outcome": .string(kind)], shouldRetry: false,
      cause: CustomCodeFailure(kind: kind))
  }

  private func failure(_ exception: SandboxException) -> RuntimeError {
    RuntimeError(
      .execution, "The agent's code failed: \(exception.summary)",
      details: [
        "outcome": .string(exception.kind.rawValue), "exception": .string(String(exception.name.prefix(200))),
        "traceback": .string(exception.traceback),
      ], shouldRetry: false, cause: CustomCodeFailure(kind: exception.kind.rawValue))
  }
}

/// Stands for a failure of user code in the log, which must not have the code's own words.
struct CustomCodeFailure: Error, CustomStringConvertible {
  let kind: String

  var description: String { "the agent's code failed (\(kind))" }
}

extension SandboxException {
  private static let messageMax = 2000
  private static let framesMax = 50

  /// The failure in a line: `ValueError: too small (line 3, in main)`.
  public var summary: String {
    let place = frames.last.map { " (line \($0.line), in \($0.function.prefix(80)))" } ?? ""
    return headline(messageMax: 500) + place
  }

  /// The failure as Python shows it, outermost frame first, with the user's own frames alone.
  public var traceback: String {
    var lines = frames.isEmpty ? [] : ["Traceback (most recent call last):"]
    if frames.count > Self.framesMax { lines.append("  … \(frames.count - Self.framesMax) more") }
    for frame in frames.suffix(Self.framesMax) {
      let place = SandboxPlace.text(line: frame.line, column: frame.column) ?? ""
      lines.append("  \(place), in \(frame.function.prefix(200))")
      if !frame.text.isEmpty { lines.append("    \(frame.text.prefix(400))") }
    }
    return (lines + [headline(messageMax: Self.messageMax)]).joined(separator: "\n")
  }

  private func headline(messageMax: Int) -> String {
    let words = message.count > messageMax ? message.prefix(messageMax) + "…" : message[...]
    if name.isEmpty { return String(words) }
    return name.prefix(200) + (words.isEmpty ? "" : ": \(words)")
  }
}

/// Where something is in source code, in words.
enum SandboxPlace {
  static func text(line: Int?, column: Int?) -> String? {
    guard let line else { return nil }
    return "line \(line)" + (column.map { ", column \($0)" } ?? "")
  }
}
