import AgentHTTP
import NIOCore
import NIOPosix
import Synchronization

@testable import AgentTools

/// A server on one loopback address that answers each request's head as a script says.
final class LoopbackServer: Sendable {
  typealias Script = @Sendable (_ head: String, _ channel: any Channel) -> Void

  let port: Int
  private let listener: any Channel

  static func with<Result>(
    host: String = "127.0.0.1", port: Int = 0, _ script: @escaping Script,
    _ body: (LoopbackServer) async throws -> Result
  ) async throws -> Result {
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(HeadReader(script: script))
        }
      }
      .bind(host: host, port: port).get()
    let server = LoopbackServer(port: listener.localAddress?.port ?? 0, listener: listener)
    do {
      let result = try await body(server)
      try await listener.close()
      return result
    } catch {
      try? await listener.close()
      throw error
    }
  }

  private init(port: Int, listener: any Channel) {
    self.port = port
    self.listener = listener
  }

  static func answer(_ channel: any Channel, _ body: String, _ status: String = "200 OK", _ headers: String...) {
    let lines = headers.map { $0 + "\r\n" }.joined()
    let text = "HTTP/1.1 \(status)\r\n\(lines)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
  }

  private final class HeadReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let script: Script
    private var text = ""

    init(script: @escaping Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      text += String(buffer: unwrapInboundIn(data))
      guard text.hasSuffix("\r\n\r\n") else { return }
      script(text, context.channel)
      text = ""
    }
  }
}

/// Answers from a table: each call of a name takes its next answer, the last one stays.
final class TableResolver: HostResolver {
  private let answers: Mutex<[String: [[String]]]>
  let calls = Mutex<[String]>([])

  init(_ answers: [String: [[String]]]) { self.answers = Mutex(answers) }

  func addresses(of host: String) async throws -> [IPAddress] {
    calls.withLock { $0.append(host) }
    return answers.withLock { answers in
      guard var list = answers[host], let first = list.first else { return [] }
      if list.count > 1 { list.removeFirst() }
      answers[host] = list
      return first.compactMap { IPAddress($0) }
    }
  }
}
