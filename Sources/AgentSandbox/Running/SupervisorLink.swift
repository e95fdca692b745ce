import CSandboxSocket
import Synchronization

/// The socket to one supervisor, and the loop that serves it and all workers' channels on a thread of its own.
///
/// Packets are sent under the owner's lock, and the socket is closed under it: no other thread sends to a number that
/// has become something else.
final class SupervisorLink: Sendable {
  /// What the loop tells its owner; on the loop's thread.
  protocol Owner: AnyObject, Sendable {
    func take(_ packet: ControlPacket, passed: Int32?)
    func ready(_ worker: UInt32, readable: Bool, writable: Bool)
    /// Time passes; how long the loop may sleep, in milliseconds, -1 for ever.
    func tick() -> Int32
  }

  /// The supervisor broke off, or the machine refuses what is needed.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  private static let controlTag: UInt64 = 0
  private static let wakeTag: UInt64 = 1
  /// Packets that are taken at once, so that workers' channels are looked at in between.
  private static let packetsMax = 64

  let poll: Int32
  private let control: Int32
  private let wakeSocket: Int32
  private let isStopping = Atomic(false)

  /// Watches the host's end of a pair.
  init(control: Int32) throws {
    self.control = control
    poll = sandbox_poll_open()
    wakeSocket = sandbox_wake_open()
    guard poll >= 0, wakeSocket >= 0, sandbox_poll_add(poll, control, Self.controlTag, true, false),
      sandbox_poll_add(poll, wakeSocket, Self.wakeTag, true, false)
    else {
      close()
      throw Failure(description: "no descriptors are left for the sandbox")
    }
  }

  /// A pair of sockets: the host's end and the supervisor's.
  static func pair() throws -> (host: Int32, supervisor: Int32) {
    var (host, supervisor): (Int32, Int32) = (-1, -1)
    let error = unsafe sandbox_socket_pair(&host, &supervisor)
    guard error == 0 else { throw Failure(description: "no socket pair for the sandbox (error \(error))") }
    return (host, supervisor)
  }

  /// Sends a packet; a supervisor that does not read is given up.
  func send(_ request: ControlRequest) {
    let bytes = request.bytes
    let sent = unsafe bytes.withUnsafeBytes { unsafe sandbox_write(control, $0.baseAddress, $0.count) }
    if sent != bytes.count { stop() }
  }

  /// Whether a packet of that size leaves room for others, though the supervisor is busy.
  func hasRoom(for count: Int) -> Bool { sandbox_has_room(control, count) }

  /// Lets the loop look at the time.
  func wake() { sandbox_wake(wakeSocket) }

  /// Ends the loop.
  func stop() {
    isStopping.store(true, ordering: .releasing)
    wake()
  }

  /// Gives the descriptors back; nothing is sent any more.
  func close() {
    for descriptor in [control, poll, wakeSocket] where descriptor >= 0 { sandbox_close(descriptor) }
  }

  /// Serves until the supervisor is gone or `stop` is called; blocks its thread.
  func serve(_ owner: some Owner) {
    var ready = [sandbox_ready](repeating: sandbox_ready(), count: 64)
    var timeout: Int32 = 0
    while !isStopping.load(ordering: .acquiring) {
      let count = unsafe ready.withUnsafeMutableBufferPointer {
        unsafe sandbox_poll_wait(poll, $0.baseAddress, Int32($0.count), timeout)
      }
      for event in ready.prefix(Int(count)) {
        switch event.tag {
        case Self.controlTag: if !receive(owner) { return }
        case Self.wakeTag: sandbox_wake_clear(wakeSocket)
        default:
          let worker = UInt32(truncatingIfNeeded: event.tag - WorkerChannel.firstTag)
          owner.ready(worker, readable: event.readable, writable: event.writable)
        }
      }
      timeout = owner.tick()
    }
  }

  /// Takes packets; false at the end.
  private func receive(_ owner: some Owner) -> Bool {
    for _ in 0..<Self.packetsMax {
      var passed: Int32 = -1
      var length = 0
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: ControlPacket.bytesMax) { buffer, count in
        length = unsafe sandbox_receive(control, buffer.baseAddress, buffer.count, &passed)
        count = max(0, length)
      }
      if length == Int(SANDBOX_AGAIN) { return true }
      guard length > 0, let packet = ControlPacket(bytes) else {
        if passed >= 0 { sandbox_close(passed) }
        return false
      }
      owner.take(packet, passed: passed >= 0 ? passed : nil)
    }
    return true
  }
}
