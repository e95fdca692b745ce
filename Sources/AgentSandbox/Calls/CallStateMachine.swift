import AgentJSON
import AgentRuntime

/// What a worker may send during a call, in which order and how much of it: any number of pieces of text and calls of
/// the model, then one last frame, then nothing.
struct CallStateMachine {
  /// What the frames of a call came to.
  enum Verdict: Hashable {
    case value(JSONValue, files: [String: [UInt8]])
    case exception(SandboxException)
    case checked([SandboxFault])
    case resultTooLarge
    case tooMuchText
    /// It did not keep to the protocol.
    case fault(String)
  }

  /// What to do about a frame.
  enum Step: Hashable {
    case pass(text: String)
    case callModel(id: JSONValue, messages: [JSONValue], options: JSONObject)
    /// The verdict is there: the worker is asked to end.
    case finish
    /// The verdict is there, and the worker is killed.
    case kill
    case ignore
  }

  private let isCheck: Bool
  private let textBytesMax: Int
  private var textBytes = 0
  /// Nil until the last frame.
  private(set) var verdict: Verdict?

  init(isCheck: Bool = false, textBytesMax: Int = 8 << 20) {
    self.isCheck = isCheck
    self.textBytesMax = textBytesMax
  }

  mutating func take(_ bytes: [UInt8]) -> Step {
    switch verdict {
    case nil: break
    case .fault, .tooMuchText: return .ignore
    default: return fail("it wrote after its last frame")
    }
    let frame: WorkerFrame
    do {
      frame = try WorkerFrame(parsing: bytes)
    } catch {
      guard error.isTooDeep else { return fail("it sent \(error.why)") }
      let message = "the value is nested deeper than \(WorkerFrame.depthMax) levels"
      return end(.exception(SandboxException(.unserializable, name: "ValueError", message: message)))
    }
    return take(frame)
  }

  private mutating func take(_ frame: WorkerFrame) -> Step {
    switch frame {
    case .text(let text) where !isCheck:
      textBytes += text.utf8.count
      guard textBytes <= textBytesMax else {
        verdict = .tooMuchText
        return .kill
      }
      return .pass(text: text)
    case .modelCall(let id, let messages, let options) where !isCheck:
      return .callModel(id: id, messages: messages, options: options)
    case .result(let value, let files) where !isCheck: return end(.value(value, files: files))
    case .tooLarge where !isCheck: return end(.resultTooLarge)
    case .error(let exception): return end(.exception(exception))
    case .checked(let faults) where isCheck: return end(.checked(faults))
    case .text, .modelCall, .result, .tooLarge, .checked: return fail("it sent a frame out of order")
    }
  }

  /// A frame was announced that is longer than any may be.
  mutating func takeTooLong(_ frame: FrameSplitter.TooLong) -> Step {
    guard verdict == nil else { return fail("it wrote after its last frame") }
    verdict = .resultTooLarge
    return .kill
  }

  /// The channel ended within a frame.
  mutating func takeCut() {
    if verdict != nil { _ = fail("it wrote after its last frame") }
  }

  private mutating func end(_ verdict: Verdict) -> Step {
    self.verdict = verdict
    return .finish
  }

  private mutating func fail(_ why: String) -> Step {
    verdict = .fault(why)
    return .kill
  }
}
