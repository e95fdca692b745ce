import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Synchronization

/// Where one answer is written: whole, or piece by piece.
final class ResponseOutlet: Sendable {
  private struct State {
    var status: Int?
    var mustClose = false
    var bytes = 0
  }

  private let outbound: ResponseParts
  private let state = Mutex(State())

  init(_ outbound: ResponseParts) { self.outbound = outbound }

  /// The status that was sent; nil while nothing was.
  var status: Int? { state.withLock { $0.status } }

  /// Whether the connection cannot serve another request after this answer.
  var mustClose: Bool {
    get { state.withLock { $0.mustClose } }
    set { state.withLock { $0.mustClose = newValue } }
  }

  /// Tells a client that waits for leave to send its body that it may.
  func sendContinue() async throws { try await outbound.write(.head(HTTPResponse(status: .continue))) }

  /// Sends a whole answer in one write.
  func send(_ answer: HTTPAnswer, withBody: Bool = true) async throws {
    var head = HTTPResponse(status: answer.status, headerFields: answer.headers)
    if answer.status.code != 204 && answer.status.code != 304 {
      head.headerFields[.contentLength] = String(answer.body.readableBytes)
    }
    if mustClose { head.headerFields[.connection] = "close" }
    state.withLock { $0.status = answer.status.code }
    if withBody, answer.body.readableBytes > Self.sliceMax {
      try await sendSlices(head, answer.body)
    } else if withBody, answer.body.readableBytes > 0 {
      try await outbound.write(contentsOf: [.head(head), .body(answer.body), .end(nil)])
    } else {
      try await outbound.write(contentsOf: [.head(head), .end(nil)])
    }
  }

  /// So much is handed over at a time: each slice waits until the client has taken the one before, so that the end is
  /// not sent, and the connection not held for idle, while most of the body waits in memory.
  private static let sliceMax = 128 << 10

  private func sendSlices(_ head: HTTPResponse, _ body: ByteBuffer) async throws {
    var rest = body
    try await outbound.write(.head(head))
    while let slice = rest.readSlice(length: min(rest.readableBytes, Self.sliceMax)), slice.readableBytes > 0 {
      try await outbound.write(.body(slice))
    }
    try await outbound.write(.end(nil))
  }

  /// Sends the head of a stream with its first bytes, in one write.
  func begin(_ head: HTTPResponse, _ bytes: ByteBuffer) async throws {
    state.withLock { $0.status = head.status.code }
    try await outbound.write(contentsOf: [.head(head), .body(bytes)])
  }

  /// Sends more of a stream. Waits while the client does not read.
  func write(_ bytes: ByteBuffer) async throws { try await outbound.write(.body(bytes)) }

  /// Sends the last of a stream, in one write.
  func finish(_ bytes: ByteBuffer) async throws {
    try await outbound.write(contentsOf: [.body(bytes), .end(nil)])
  }
}

/// A whole answer.
struct HTTPAnswer: Sendable {
  var status: HTTPResponse.Status
  var headers: HTTPFields
  var body: ByteBuffer

  init(status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], body: ByteBuffer = ByteBuffer()) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}
