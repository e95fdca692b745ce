import AgentRuntime
import CSandboxSocket
import Logging
import Synchronization

/// What the loop's thread tells.
extension SupervisedSandbox: SupervisorLink.Owner {
  func take(_ packet: ControlPacket, passed: Int32?) {
    if case .ready = packet {} else if let passed { sandbox_close(passed) }
    switch packet {
    case .hello(let json): hello(json)
    case .ready(let worker, let language, let isCold, let layer):
      guard let passed else { return }
      let kind = WorkerKind(language: language, layer: layer)
      update { $0.pool.ready(.init(id: worker, kind: kind, socket: passed), isCold: isCold) }
    case .started(let worker, let written): channel(worker)?.start(written: written)
    case .output(let worker, let isError, let bytes): channel(worker)?.keep(bytes, isError: isError)
    case .settled(let worker, let end): tell(worker, end)
    case .ended(let worker, let end):
      tell(worker, end)
      update { $0.pool.ended(worker) }
    case .fault(let language, let layer, let text):
      let kind = WorkerKind(language: language, layer: layer)
      log.warning("an interpreter of the sandbox does not start", metadata: ["kind": "\(kind)", "text": "\(text)"])
      update { $0.pool.fault(kind, text) }
    }
  }

  private func tell(_ worker: UInt32, _ end: WorkerEnd) {
    let running = state.withLock { $0.running.removeValue(forKey: worker) }
    running?.channel.end(.ended(end))
  }

  func ready(_ worker: UInt32, readable: Bool, writable: Bool) {
    guard let channel = channel(worker) else { return }
    if writable { channel.writable() }
    // The supervisor is told at once, not when the call's task has parsed the frame. One that only looks like the last
    // ends its own call.
    if readable { channel.readable { finish(channel) } }
  }

  func tick() -> Int32 {
    let now = ContinuousClock.now
    return update { state in
      if state.running.values.contains(where: { $0.givenUpAt <= now }) { state.link?.stop() }
      return state.pool.tick(now)
    } then: { state in
      state.pool.isQuiet ? -1 : 50
    }
  }

  private func channel(_ worker: UInt32) -> WorkerChannel? { state.withLock { $0.running[worker]?.channel } }

  private func hello(_ json: [UInt8]) {
    do {
      let facts = try SandboxFacts(parsing: json)
      update { $0.pool.hello(facts) }
      log.info(
        "the sandbox is up",
        metadata: ["isolation": "\(facts.isolation ?? "none")", "reason": "\(facts.reason ?? "")"])
    } catch {
      log.error("the sandbox's supervisor says something else", metadata: ["error": "\(error)"])
      state.withLock { $0.link?.stop() }
    }
  }
}
