import AgentJSON
import AgentRuntime

/// What a call of `code_interpreter` came to, for the model: `{"result"?, "error"?, "stdout"?, "stderr"?, "files"?}`.
struct CodeInterpreterAnswer {
  private var json: JSONObject = [:]
  private let isError: Bool

  init(_ report: SandboxReport, limits: SandboxLimits, outputBytesMax: Int) {
    let error = Self.error(report.outcome, limits)
    isError = error != nil
    // Each part has its share, so that a flood of one does not push out the others.
    let share = max(256, outputBytesMax / 4)
    if let error { json["error"] = .string(Self.cut(error, to: share)) }
    if case .value(let value) = report.outcome, !value.isNull {
      let size = value.stringValue?.utf8.count ?? value.encoded().count
      json["result"] = size > share ? .string(Self.cut(value.stringValue ?? value.encodedText, to: share)) : value
    }
    if !report.stdout.isEmpty { json["stdout"] = .string(Self.cut(report.stdout, to: share)) }
    if !report.stderr.isEmpty { json["stderr"] = .string(Self.cut(report.stderr, to: share)) }
  }

  /// Adds what became of the files.
  mutating func note(_ files: KeptFiles) {
    switch files {
    case .all(let sizes):
      guard !sizes.isEmpty else { return }
      json["files"] = .object(JSONObject(sizes.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value)) }))
    case .tooMany(let bytesMax, let countMax):
      json["files_not_kept"] = .string(
        "the session's files would be more than \(bytesMax) bytes or \(countMax) files; those before this call stay")
    }
  }

  var output: ToolOutput { ToolOutput(JSONValue.object(json).encodedText, isError: isError) }

  private static func error(_ outcome: SandboxOutcome, _ limits: SandboxLimits) -> String? {
    switch outcome {
    case .value: nil
    case .exception(let exception): exception.traceback
    case .timeout: "The code took longer than \(limits.timeout.components.seconds) s and was ended."
    case .memoryLimit: "The code wanted more memory than \(limits.memoryMB) MB and was ended."
    case .outputLimit: "The code printed more than it may and was ended."
    case .resultTooLarge:
      "The result is larger than \(limits.resultBytesMax) bytes"
        + (limits.filesBytesMax > 0 ? ", or the files than \(limits.filesBytesMax)" : "") + "; leave less."
    case .crashed(let how): "The code's process ended by itself: \(how)"
    }
  }

  private static func cut(_ text: String, to bytesMax: Int) -> String {
    let size = text.utf8.count
    guard size > bytesMax else { return text }
    return String(decoding: text.utf8.prefix(bytesMax), as: UTF8.self).trimmingBrokenEnd
      + "\n[cut: \(size) bytes, of which \(bytesMax) are shown]"
  }
}

extension String {
  /// The text without what a cut within a character has left.
  fileprivate var trimmingBrokenEnd: String {
    var scalars = unicodeScalars
    while scalars.last == "\u{FFFD}" { scalars.removeLast() }
    return String(scalars)
  }
}
