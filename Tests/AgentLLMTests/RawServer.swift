import NIOCore
import NIOPosix
import Synchronization

/// A request as it came over the wire.
struct ReceivedRequest: Sendable {
  /// Which connection it came on, and which request it is on that one, from 0.
  let connection: Int
  let number: Int
  let head: String
  let body: [UInt8]

  func header(_ name: String) -> String? {
    let prefix = name.lowercased() + ":"
    guard let line = head.split(separator: "\r\n").first(where: { $0.lowercased().hasPrefix(prefix) }) else {
      return nil
    }
    return String(line.dropFirst(prefix.count).drop { $0 == " " })
  }
}

/// The server's end of a connection.
struct RawConnection: Sendable {
  let channel: any Channel

  func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }
  func send(_ text: String) { send(Array(text.utf8)) }
  func close() { channel.close(promise: nil) }

  /// Starts a stream whose chunks and end the caller sends.
  func sendStreamHead() {
    send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
  }
  func sendChunk(_ text: String) { send("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n") }
  func sendLastChunk() { send("0\r\n\r\n") }

  /// A whole answer with its length.
  func sendAnswer(_ body: String, status: String = "200 OK", headers: String = "") {
    let length = "Content-Length: \(body.utf8.count)\r\n"
    send("HTTP/1.1 \(status)\r\nContent-Type: application/json\r\n\(headers)\(length)\r\n\(body)")
  }
}

/// A server on the loopback that sends whatever bytes a script gives, and tells what it sees.
final class RawServer: Sendable {
  typealias Script = @Sendable (ReceivedRequest, RawConnection) -> Void

  let url: String
  /// The numbers of connections that were closed, by either side.
  let closed: AsyncStream<Int>
  private let log: Log

  /// All requests so far.
  var requests: [ReceivedRequest] { log.requests.withLock { $0 } }

  private init(url: String, log: Log, closed: AsyncStream<Int>) {
    self.url = url
    self.log = log
    self.closed = closed
  }

  /// Runs `body` against a server that calls the script for each whole request.
  static func with<Result>(_ script: @escaping Script, _ body: (RawServer) async throws -> Result) async throws
    -> Result
  {
    let (closed, closing) = AsyncStream.makeStream(of: Int.self)
    let log = Log(closing: closing)
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(RequestReader(log: log, script: script))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let server = RawServer(url: "http://127.0.0.1:\(listener.localAddress?.port ?? 0)", log: log, closed: closed)
    do {
      let result = try await body(server)
      try await listener.close()
      return result
    } catch {
      try await listener.close()
      throw error
    }
  }

  fileprivate final class Log: Sendable {
    let requests = Mutex<[ReceivedRequest]>([])
    let connections = Atomic<Int>(0)
    let closing: AsyncStream<Int>.Continuation
    init(closing: AsyncStream<Int>.Continuation) { self.closing = closing }
  }
}

/// Cuts the bytes of a connection into requests; knows lengths only, as the client sends nothing else.
private final class RequestReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let log: RawServer.Log
  private let script: RawServer.Script
  private let connection: Int
  private var bytes = ByteBuffer()
  private var count = 0

  init(log: RawServer.Log, script: @escaping RawServer.Script) {
    self.log = log
    self.script = script
    connection = log.connections.add(1, ordering: .relaxed).oldValue
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var part = unwrapInboundIn(data)
    bytes.writeBuffer(&part)
    while let request = takeRequest() {
      log.requests.withLock { $0.append(request) }
      script(request, RawConnection(channel: context.channel))
    }
  }

  func channelInactive(context: ChannelHandlerContext) { log.closing.yield(connection) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func takeRequest() -> ReceivedRequest? {
    let text = String(buffer: bytes)
    guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
    let head = String(text[..<end.lowerBound])
    let headLength = text[..<end.upperBound].utf8.count
    let request = ReceivedRequest(connection: connection, number: count, head: head, body: [])
    let length = request.header("content-length").flatMap { Int($0) } ?? 0
    guard bytes.readableBytes >= headLength + length else { return nil }
    bytes.moveReaderIndex(forwardBy: headLength)
    let body = bytes.readBytes(length: length) ?? []
    count += 1
    return ReceivedRequest(connection: connection, number: count - 1, head: head, body: body)
  }
}

extension AsyncStream {
  /// The next element; the stream can be asked again.
  func one() async -> Element? {
    for await element in self { return element }
    return nil
  }
}
