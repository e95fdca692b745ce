import AsyncHTTPClient
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

// The floor of a chat on this stack: the request's bytes go to the model server, its answer's bytes come back. No JSON, no rules.
@main
struct PassThrough {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let port = Int(arguments[1]) else {
      FileHandle.standardError.write(Data("usage: bench-passthrough PORT UPSTREAM\n".utf8))
      exit(2)
    }
    let upstream = arguments[2]
    var logger = Logger(label: "passthrough")
    logger.logLevel = .error
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 2048
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let router = Router()
    router.post("v1/chat/completions") { request, context -> Response in
      let body = try await request.body.collect(upTo: 8 << 20)
      var upstreamRequest = HTTPClientRequest(url: upstream + "/v1/chat/completions")
      upstreamRequest.method = .POST
      upstreamRequest.headers.add(name: "content-type", value: "application/json")
      upstreamRequest.body = .bytes(body)
      let answer = try await client.execute(upstreamRequest, timeout: .seconds(60))
      let type = answer.headers.first(name: "content-type") ?? "application/json"
      if type.hasPrefix("text/event-stream") {
        return Response(
          status: .ok, headers: [.contentType: type],
          body: .init { writer in
            for try await part in answer.body { try await writer.write(part) }
            try await writer.finish(nil)
          })
      }
      let bytes = try await answer.body.collect(upTo: 8 << 20)
      return Response(status: .ok, headers: [.contentType: type], body: .init(byteBuffer: bytes))
    }
    let app = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: logger)
    try await app.runService()
  }
}
