/// What goes to the supervisor: little-endian 32-bit fields, the first of which is the type.
enum ControlRequest: Hashable {
  /// Puts the limits in force, starts the clock and writes the request to the worker; answered by `started` where there
  /// is none, or not all of it was written.
  case start(worker: UInt32, timeoutMilliseconds: UInt32, memoryMB: UInt32, outputKB: UInt32, request: [UInt8])
  case kill(worker: UInt32)
  /// More workers than the pool's, at once.
  case want(language: UInt32, count: UInt32)
  /// The same with a folder of packages at `/layer`; the id comes back with each of these workers.
  case wantLayer(language: UInt32, count: UInt32, id: UInt32, path: String)
  /// The worker's last frame was read: it is ended; answered by `settled`, or by `ended` where it is gone already.
  case result(worker: UInt32)

  /// A request that travels with START has so many bytes at most.
  static let requestBytesMax = 48 << 10

  var bytes: [UInt8] {
    switch self {
    case .start(let worker, let timeout, let memory, let output, let request):
      Self.fields(1, worker, timeout, memory, output) + request
    case .kill(let worker): Self.fields(2, worker)
    case .want(let language, let count): Self.fields(3, language, count)
    case .wantLayer(let language, let count, let id, let path):
      Self.fields(4, language, count, id) + Array(path.utf8)
    case .result(let worker): Self.fields(5, worker)
    }
  }

  private static func fields(_ fields: UInt32...) -> [UInt8] {
    fields.flatMap { field in (0..<4).map { UInt8(truncatingIfNeeded: field >> ($0 * 8)) } }
  }
}

/// Why a worker is gone, and what it took.
struct WorkerEnd: Sendable, Hashable {
  /// The supervisor's verdict.
  enum Cause: UInt32, Sendable {
    case exited = 1
    case signal, timeout, memory, output, killed, whileWaiting, processorTime
    /// It has said its last, and is killed; no packet has this number.
    case settled = 1000
  }
  var cause: Cause
  /// The exit code or the signal.
  var code = 0
  var wallMicroseconds = 0
  var processorMicroseconds = 0
  var memoryPeakKB = 0
}

/// What comes from the supervisor.
enum ControlPacket: Hashable {
  case hello(json: [UInt8])
  /// A worker waits; its channel comes along.
  case ready(worker: UInt32, language: UInt32, isCold: Bool, layer: UInt32)
  /// The limits are in force, and so many bytes of the request are written.
  case started(worker: UInt32, written: Int)
  case ended(worker: UInt32, WorkerEnd)
  case output(worker: UInt32, isError: Bool, bytes: [UInt8])
  /// What a worker took whose last frame was read; its end follows, and frees its place.
  case settled(worker: UInt32, WorkerEnd)
  case fault(language: UInt32, layer: UInt32, text: String)

  /// The protocol that both sides have to speak.
  static let version: UInt32 = 2
  /// Bytes of a packet at most: 64 KiB of output and what stands before it.
  static let bytesMax = 65_536 + 64

  /// Nil for what this protocol does not have.
  init?(_ bytes: [UInt8]) {
    func field(_ index: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[index * 4 + $1]) << ($1 * 8) }
    }
    let count = bytes.count / 4
    guard count >= 1 else { return nil }
    switch field(0) {
    case 100 where count >= 2 && field(1) == Self.version: self = .hello(json: Array(bytes[8...]))
    case 101 where count >= 5:
      self = .ready(worker: field(1), language: field(2), isCold: field(3) != 0, layer: field(4))
    case 102 where count >= 3: self = .started(worker: field(1), written: Int(field(2)))
    case 103 where count >= 7:
      guard let cause = WorkerEnd.Cause(rawValue: field(2)) else { return nil }
      let end = WorkerEnd(
        cause: cause, code: Int(field(3)), wallMicroseconds: Int(field(4)), processorMicroseconds: Int(field(5)),
        memoryPeakKB: Int(field(6)))
      self = .ended(worker: field(1), end)
    case 104 where count >= 3 && (1...2).contains(field(2)):
      self = .output(worker: field(1), isError: field(2) == 2, bytes: Array(bytes[12...]))
    case 105 where count >= 3:
      self = .fault(language: field(1), layer: field(2), text: String(decoding: bytes[12...], as: UTF8.self))
    case 106 where count >= 5:
      let end = WorkerEnd(
        cause: .settled, wallMicroseconds: Int(field(2)), processorMicroseconds: Int(field(3)),
        memoryPeakKB: Int(field(4)))
      self = .settled(worker: field(1), end)
    default: return nil
    }
  }
}
