import AgentJSON
import AgentRuntime

/// What one call comes to, from what its worker says and how it ends. The code may write what it likes to its channel:
/// it can only spoil its own call.
struct CallStateMachine: Sendable {
  /// What to do about a frame.
  enum Action: Sendable {
    case forward(String)
    case callModel(id: Int, messages: [JSONValue], options: JSONObject)
    /// Nothing more is of interest: the worker can be ended.
    case finish
  }

  /// What the worker said last.
  enum Final: Sendable {
    case outcome(SandboxOutcome)
    case checked([SandboxFault])
  }

  private(set) var final: Final?
  private(set) var files: [String: [UInt8]] = [:]
  private let isCheck: Bool
  private let hasModel: Bool
  private let textMax: Int
  private var textBytes = 0

  /// `textMax`: bytes of all pieces of text together.
  init(isCheck: Bool, hasModel: Bool, textMax: Int) {
    self.isCheck = isCheck
    self.hasModel = hasModel
    self.textMax = textMax
  }

  /// Takes a whole frame.
  mutating func received(_ bytes: [UInt8]) -> Action {
    guard let frame = WorkerFrame(bytes) else { return broken("it wrote what is no message") }
    switch frame {
    case .checked(let faults) where isCheck: final = .checked(faults)
    case .failure(let exception) where isCheck:
      let place = exception.frames.last
      final = .checked([SandboxFault(line: place?.line, column: place?.column, message: exception.message)])
    case _ where isCheck: return broken("it answered what was not asked")
    case .checked: return broken("it answered what was not asked")
    case .text(let text):
      textBytes += text.utf8.count
      guard textBytes <= textMax else {
        final = .outcome(.outputLimit)
        return .finish
      }
      return .forward(text)
    case .modelCall(let id, let messages, let options):
      guard hasModel else { return broken("it called a model that it was not given") }
      return .callModel(id: id, messages: messages, options: options)
    case .result(let value, let files):
      final = .outcome(.value(value))
      self.files = files
    case .failure(let exception):
      // What Python makes of the limit on its data.
      final = .outcome(exception.name == "MemoryError" ? .memoryLimit : .exception(exception))
    case .resultTooLarge: final = .outcome(.resultTooLarge)
    }
    return .finish
  }

  /// A frame is longer than allowed.
  mutating func receivedTooLarge() -> Action {
    final = .outcome(.resultTooLarge)
    return .finish
  }

  /// Something stands behind the last frame.
  mutating func receivedMore() { _ = broken("it wrote more after its result") }

  /// The outcome, once the worker has ended. Whoever has answered was in time.
  func outcome(_ end: WorkerEnd) -> SandboxOutcome {
    if case .outcome(let outcome) = final { return outcome }
    return switch end.cause {
    case .timeout, .cpu: .timeout
    case .memory: .memoryLimit
    case .output: .outputLimit
    case .signal: .crashed("its process was ended by signal \(end.code)")
    case .exited: .crashed("its process ended by itself with status \(end.code)")
    case .killed, .waiting: .crashed("its process was ended")
    }
  }

  private mutating func broken(_ what: String) -> Action {
    final = .outcome(.crashed(what))
    return .finish
  }
}
