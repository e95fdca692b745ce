import AgentHTTP
import NIOPosix

extension HTTPTransport {
  /// Lends a transport for the time of `body`, and closes its connections. Throws what `body` throws.
  static func withOne<Result>(_ body: (HTTPTransport) async throws -> Result) async throws -> Result {
    let transport = HTTPTransport(group: .singleton)
    do {
      let result = try await body(transport)
      try await transport.shutdown()
      return result
    } catch {
      // The error of the work says more than one of closing.
      try? await transport.shutdown()
      throw error
    }
  }
}
