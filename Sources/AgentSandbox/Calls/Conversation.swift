import AgentJSON
import AgentRuntime

/// One call's talk with its worker, from the first frame to the worker's end.
struct Conversation {
  let sandbox: SupervisedSandbox
  let channel: WorkerChannel
  var machine: CallStateMachine
  let hasModel: Bool
  private var modelCalls = 0
  private var failure: (any Error)?

  /// Calls of the model that a program may have under way at once.
  static let modelCallsMax = 16

  init(sandbox: SupervisedSandbox, channel: WorkerChannel, machine: CallStateMachine, hasModel: Bool) {
    self.sandbox = sandbox
    self.channel = channel
    self.machine = machine
    self.hasModel = hasModel
  }

  /// Answers the worker until it is gone; nil where the supervisor was gone first. Throws what the host threw, and
  /// `CancellationError`; the worker is gone by then, too.
  mutating func hold(with host: any SandboxHost) async throws -> WorkerEnd? {
    let (sandbox, channel) = (sandbox, channel)
    var end: WorkerEnd?
    await withTaskCancellationHandler {
      await withTaskGroup(of: Void.self) { group in
        while true {
          switch await channel.next() {
          case .frame(let bytes): await follow(machine.take(bytes), host, &group)
          case .tooLong(let frame): await follow(machine.takeTooLong(frame), host, &group)
          case .modelAnswered(let id, let answer): reply(id, answer)
          case .ended(let worker):
            end = worker
            fallthrough
          case .lost:
            // What the model still says has nobody to go to.
            return group.cancelAll()
          }
        }
      }
    } onCancel: {
      sandbox.kill(channel)
    }
    if channel.isCut { machine.takeCut() }
    if let failure { throw failure }
    try Task.checkCancellation()
    return end
  }

  private mutating func follow(
    _ step: CallStateMachine.Step, _ host: any SandboxHost, _ group: inout TaskGroup<Void>
  ) async {
    switch step {
    case .pass(let text):
      guard failure == nil else { return }
      do { try await host.take(text) } catch { fail(error) }
    case .callModel(let id, let messages, let options): callModel(id, messages, options, host, &group)
    case .finish: sandbox.finish(channel)
    case .kill: sandbox.kill(channel)
    case .ignore: return
    }
  }

  private mutating func callModel(
    _ id: JSONValue, _ messages: [JSONValue], _ options: JSONObject, _ host: any SandboxHost,
    _ group: inout TaskGroup<Void>
  ) {
    modelCalls += 1
    guard hasModel else {
      return reply(id, .failure(SandboxRefusal("This program may not call the model.")))
    }
    guard modelCalls <= Self.modelCallsMax else {
      let refusal = SandboxRefusal("At most \(Self.modelCallsMax) calls of the model may be under way at once.")
      return reply(id, .failure(refusal))
    }
    group.addTask { [channel] in
      do {
        channel.answer(id, .success(try await host.callModel(messages: messages, options: options)))
      } catch {
        channel.answer(id, .failure(error))
      }
    }
  }

  private mutating func reply(_ id: JSONValue, _ answer: Result<JSONObject, any Error>) {
    modelCalls -= 1
    switch answer {
    case .success(let value): send(WorkerRequest.reply(id, .success(value)))
    case .failure(let refusal as SandboxRefusal): send(WorkerRequest.reply(id, .failure(refusal)))
    case .failure(let error): fail(error)
    }
  }

  private mutating func send(_ frame: [UInt8]) {
    if frame.count - 4 > WorkerRequest.bytesMax || !channel.send(frame) {
      fail(SandboxUnavailable("The model's answers are larger than a program can be given."))
    }
  }

  private mutating func fail(_ error: any Error) {
    if failure == nil { failure = error }
    sandbox.kill(channel)
  }
}
