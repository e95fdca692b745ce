import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Asks the system's resolver for all addresses of a host.
public final class AddressLookup: Sendable {
  /// So many lookups at once hold a thread each; more are refused.
  public static let concurrentMax = 16
  private static let underWay = Mutex(0)

  private typealias Answer = CheckedContinuation<[[UInt8]], any Error>
  private let waiter = Mutex<Answer?>(nil)

  private init() {}

  /// All addresses of the host in the resolver's order: 4 bytes each for IPv4, 16 for IPv6.
  ///
  /// Throws a `TransportError` (`.connection`), or `CancellationError` at once when the task is cancelled: the system's
  /// call cannot be stopped, its late answer is dropped.
  public static func addresses(of host: String) async throws -> [[UInt8]] {
    let lookup = AddressLookup()
    return try await withTaskCancellationHandler {
      try Task.checkCancellation()
      return try await withCheckedThrowingContinuation { lookup.start(host, $0) }
    } onCancel: {
      lookup.finish(.failure(CancellationError()))
    }
  }

  private func start(_ host: String, _ answer: Answer) {
    waiter.withLock { $0 = answer }
    // Cancelled between the check and this line: the handler found nobody to wake.
    if Task.isCancelled { return finish(.failure(CancellationError())) }
    let mayStart = Self.underWay.withLock { count in
      guard count < Self.concurrentMax else { return false }
      count += 1
      return true
    }
    guard mayStart else {
      return finish(.failure(TransportError(.connection, "\(Self.concurrentMax) names are being looked up already")))
    }
    DispatchQueue.global().async {
      let result = Result { try Self.resolve(host) }
      Self.underWay.withLock { $0 -= 1 }
      self.finish(result)
    }
  }

  private func finish(_ result: Result<[[UInt8]], any Error>) {
    waiter.withLock { $0.take() }?.resume(with: result)
  }

  private static func resolve(_ host: String) throws -> [[UInt8]] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    #if canImport(Glibc)
      unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      unsafe hints.ai_socktype = SOCK_STREAM
    #endif
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, nil, &hints, &list)
    guard code == 0 else {
      let reason = unsafe String(cString: gai_strerror(code))
      throw TransportError(.connection, "the name \(host) was not resolved: \(reason)")
    }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [[UInt8]] = []
    var next = unsafe list
    while let entry = unsafe next {
      if let address = unsafe bytes(entry.pointee), !addresses.contains(address) { addresses.append(address) }
      unsafe next = entry.pointee.ai_next
    }
    return addresses
  }

  private static func bytes(_ entry: addrinfo) -> [UInt8]? {
    guard let address = unsafe entry.ai_addr else { return nil }
    let raw = UnsafeRawPointer(address)
    switch unsafe entry.ai_family {
    case AF_INET:
      var part = unsafe raw.loadUnaligned(as: sockaddr_in.self).sin_addr
      return unsafe withUnsafeBytes(of: &part) { unsafe Array($0) }
    case AF_INET6:
      var part = unsafe raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
      return unsafe withUnsafeBytes(of: &part) { unsafe Array($0) }
    default: return nil
    }
  }
}
