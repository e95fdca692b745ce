import AgentHTTP

/// Finds the addresses of a name.
public protocol HostResolver: Sendable {
  /// All addresses of the name, in the order in which they should be tried. Throws what went wrong.
  func addresses(of host: String) async throws -> [IPAddress]
}

/// Asks the system's resolver.
public struct SystemResolver: HostResolver {
  /// Makes a resolver.
  public init() {}

  /// All addresses of the name. Throws a `TransportError`, or `CancellationError`.
  public func addresses(of host: String) async throws -> [IPAddress] {
    try await AddressLookup.addresses(of: host).compactMap { IPAddress(bytes: $0) }
  }
}
