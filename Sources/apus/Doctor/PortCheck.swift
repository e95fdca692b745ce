import AgentHTTP
import AgentJSON
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Whether the port is free, or served by a runtime already.
struct PortCheck: Sendable {
  let settings: Settings
  let transport: HTTPTransport

  /// The finding, and whether a runtime serves the port now.
  func run() async -> (finding: Finding, isServed: Bool) {
    guard settings.port != 0 else { return (.ok("port", "any free port will be taken (PORT=0)"), false) }
    if let runtime = await runtimeThere() { return (.ok("port", "\(place) is served by \(runtime) now"), true) }
    do {
      // The server's own option: without it a port is taken for minutes after its last connection.
      let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .bind(host: settings.host, port: settings.port).get()
      try await channel.close()
      return (.ok("port", "\(place) is free"), false)
    } catch {
      return (finding(error), false)
    }
  }

  private var place: String { "\(settings.host):\(settings.port)" }

  /// Name and version of the runtime that answers; nil where none does.
  private func runtimeThere() async -> String? {
    guard let request = try? OutgoingRequest(.get, url: settings.localURL + "/", timeout: .seconds(2), bodyMax: 65_536),
      let answer = try? await transport.send(request),
      let json = try? JSONValue(parsing: Array(answer.body.readableBytesView)),
      let service = json["service"]?.stringValue, let version = json["version"]?.stringValue
    else { return nil }
    return StandardStreams.withoutControls("\(service) \(version)")
  }

  private func finding(_ error: any Error) -> Finding {
    switch (error as? IOError)?.errnoCode {
    case EADDRINUSE where settings.tls != nil:
      .warn(
        "port", "\(place) is in use, by a runtime with TLS or by another program",
        "if it is not this runtime, set another PORT; `ss -ltnp` shows who listens")
    case EADDRINUSE:
      .fail(
        "port", "\(place) is in use by another program",
        "stop that program, or set another PORT; `ss -ltnp` shows who listens")
    case EACCES:
      .fail("port", "this user may not listen on \(place)", "set a PORT from 1024 up")
    case EADDRNOTAVAIL:
      .fail("port", "\(settings.host) is not an address of this machine", "set HOST to 0.0.0.0, or to one that is")
    default:
      .fail("port", "listening on \(place) fails: \(error)", "set another HOST or PORT")
    }
  }
}
