import AgentRuntime

/// What the host and the supervisor say to each other: one packet of the control socket, in little-endian words of
/// 32 bits, the first of which is its kind.
enum HostPacket: Sendable, Hashable {
  /// Puts a worker's limits in force and starts its clock.
  case start(worker: UInt32, timeoutMS: UInt32, memoryMB: UInt32, outputKB: UInt32)
  /// Ends a worker.
  case kill(worker: UInt32)
  /// Asks for workers beyond those that are kept ready.
  case want(WorkerKind, count: UInt32)

  var bytes: [UInt8] {
    let words: [UInt32] =
      switch self {
      case .start(let worker, let timeout, let memory, let output): [1, worker, timeout, memory, output]
      case .kill(let worker): [2, worker]
      case .want(let kind, let count): [3, kind.rawValue, count]
      }
    return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }
}

/// Which workers there are: one interpreter serves both JavaScript and TypeScript.
enum WorkerKind: UInt32, Sendable, Hashable, CaseIterable {
  case python = 1
  case deno = 2

  init(_ language: SandboxLanguage) { self = language == .python ? .python : .deno }

  var languages: [SandboxLanguage] { self == .python ? [.python] : [.javascript, .typescript] }
}

/// What the supervisor tells.
enum SupervisorPacket: Sendable, Hashable {
  /// The first: what can be run here, as JSON.
  case hello(protocolVersion: UInt32, json: [UInt8])
  /// A worker waits; its channel comes with the packet.
  case ready(worker: UInt32, WorkerKind, isCold: Bool)
  case started(worker: UInt32)
  case ended(worker: UInt32, WorkerEnd)
  /// A piece of what was printed; `stream` is 1 or 2.
  case output(worker: UInt32, stream: UInt32, bytes: [UInt8])
  /// An interpreter does not start.
  case fault(WorkerKind?, String)

  /// Reads a packet; nil for one that is not known.
  init?(_ bytes: ArraySlice<UInt8>) {
    var reader = WordReader(bytes)
    guard let kind = reader.word() else { return nil }
    switch kind {
    case 100:
      guard let version = reader.word() else { return nil }
      self = .hello(protocolVersion: version, json: reader.rest)
    case 101:
      guard let worker = reader.word(), let language = reader.word().flatMap(WorkerKind.init), let cold = reader.word()
      else { return nil }
      self = .ready(worker: worker, language, isCold: cold != 0)
    case 102:
      guard let worker = reader.word() else { return nil }
      self = .started(worker: worker)
    case 103:
      guard let worker = reader.word(), let end = WorkerEnd(&reader) else { return nil }
      self = .ended(worker: worker, end)
    case 104:
      guard let worker = reader.word(), let stream = reader.word() else { return nil }
      self = .output(worker: worker, stream: stream, bytes: reader.rest)
    case 105:
      guard let language = reader.word() else { return nil }
      self = .fault(WorkerKind(rawValue: language), String(decoding: reader.rest, as: UTF8.self))
    default: return nil
    }
  }
}

/// How a worker ended, and what it took.
struct WorkerEnd: Sendable, Hashable {
  enum Cause: UInt32, Sendable, Hashable, CaseIterable {
    case exited = 1
    case signal, timeout, memory, output
    /// The host asked for it.
    case killed
    /// It died before a call.
    case waiting
    /// As much processor time as wall time was used up.
    case cpu
  }

  var cause: Cause
  /// The exit status, or the signal.
  var code: UInt32
  var wall: Duration
  var cpu: Duration
  var peakKB: Int

  init(_ cause: Cause, code: UInt32 = 0, wall: Duration = .zero, cpu: Duration = .zero, peakKB: Int = 0) {
    self.cause = cause
    self.code = code
    self.wall = wall
    self.cpu = cpu
    self.peakKB = peakKB
  }

  fileprivate init?(_ reader: inout WordReader) {
    guard let cause = reader.word().flatMap(Cause.init), let code = reader.word(), let wall = reader.word(),
      let cpu = reader.word(), let peak = reader.word()
    else { return nil }
    self.init(cause, code: code, wall: .microseconds(wall), cpu: .microseconds(cpu), peakKB: Int(peak))
  }
}

private struct WordReader {
  private var bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  var rest: [UInt8] { Array(bytes) }

  mutating func word() -> UInt32? {
    guard bytes.count >= 4 else { return nil }
    defer { bytes = bytes.dropFirst(4) }
    return bytes.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}
