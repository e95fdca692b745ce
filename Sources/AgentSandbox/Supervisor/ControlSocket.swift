import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The host's end of the socket to the supervisor: packets in both directions, descriptors with those that come in.
final class ControlSocket: Sendable {
  /// A packet and the descriptor that came with it.
  struct Received {
    var bytes: [UInt8]
    var descriptor: Int32?
  }

  /// Bytes of a packet at most: 64 KiB of output and its head.
  private static let packetMax = 80 << 10

  private let descriptor: Int32
  private let isOpen = Mutex(true)

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Makes a pair: the host's end, and a descriptor for the supervisor, which the caller closes.
  static func pair() throws -> (host: ControlSocket, peer: Int32) {
    var ends: [Int32] = [-1, -1]
    #if canImport(Darwin)
      let kind = SOCK_SEQPACKET
    #else
      let kind = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    #endif
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SocketError(call: "socketpair", number: errno) }
    return (ControlSocket(ends[0]), ends[1])
  }

  /// Sends a packet; false where the supervisor is gone, or does not take it.
  @discardableResult
  func send(_ packet: HostPacket) -> Bool {
    let bytes = packet.bytes
    return isOpen.withLock { isOpen in
      guard isOpen else { return false }
      #if canImport(Darwin)
        let flags = MSG_DONTWAIT
      #else
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
      #endif
      return unsafe bytes.withUnsafeBytes {
        unsafe Self.send(descriptor, $0.baseAddress, $0.count, flags)
      }
    }
  }

  private static func send(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Bool {
    #if canImport(Glibc)
      unsafe Glibc.send(descriptor, bytes, count, flags) == count
    #elseif canImport(Musl)
      unsafe Musl.send(descriptor, bytes, count, flags) == count
    #else
      unsafe Darwin.send(descriptor, bytes, count, flags) == count
    #endif
  }

  /// Ends both directions: whoever receives is told the end.
  func shutdown() {
    isOpen.withLock { isOpen in
      guard isOpen else { return }
      isOpen = false
      _ = Self.shutdown(descriptor)
    }
  }

  private static func shutdown(_ descriptor: Int32) -> Int32 {
    #if canImport(Glibc)
      Glibc.shutdown(descriptor, Int32(SHUT_RDWR))
    #elseif canImport(Musl)
      Musl.shutdown(descriptor, Int32(SHUT_RDWR))
    #else
      Darwin.shutdown(descriptor, SHUT_RDWR)
    #endif
  }

  /// Hands out packets until the end, and closes the socket then; blocks its thread.
  func receiveAll(_ take: (Received) -> Void) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.packetMax, alignment: 8)
    defer { unsafe buffer.deallocate() }
    while let received = unsafe receive(into: buffer) { take(received) }
    isOpen.withLock { $0 = false }
    _ = close(descriptor)
  }

  private func receive(into buffer: UnsafeMutableRawBufferPointer) -> Received? {
    while true {
      var part = unsafe iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
      // A header of 16 bytes and a descriptor, aligned as the kernel wants them.
      var control: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
      var message = unsafe msghdr()
      let (count, descriptor) = unsafe withUnsafeMutablePointer(to: &part) { part in
        unsafe withUnsafeMutableBytes(of: &control) { control -> (Int, Int32?) in
          unsafe message.msg_iov = part
          unsafe message.msg_iovlen = 1
          unsafe message.msg_control = control.baseAddress
          unsafe message.msg_controllen = .init(control.count)
          let count = unsafe recvmsg(self.descriptor, &message, Self.receiveFlags)
          guard count > 0, unsafe message.msg_controllen >= 20 else { return (count, nil) }
          return (count, unsafe control.load(fromByteOffset: 16, as: Int32.self))
        }
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      return unsafe Received(bytes: Array(buffer.prefix(count)), descriptor: descriptor)
    }
  }

  private static var receiveFlags: Int32 {
    #if canImport(Darwin)
      0
    #else
      Int32(MSG_CMSG_CLOEXEC)
    #endif
  }
}

/// A call of the system failed.
struct SocketError: Error, CustomStringConvertible {
  var call: String
  var number: Int32

  var description: String { unsafe "\(call): \(strerror(number).map { unsafe String(cString: $0) } ?? "\(number)")" }
}
