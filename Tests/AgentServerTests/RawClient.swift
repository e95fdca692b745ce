import AgentJSON
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A client of bytes: it can be rude where libraries are polite. Its calls block, so they run off the pool.
struct RawClient: Sendable {
  let port: Int
  private var descriptor: CInt = -1

  init(port: Int) { self.port = port }

  mutating func connect() throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        #if canImport(Glibc)
          unsafe Glibc.connect(descriptor, $0, size)
        #else
          unsafe Darwin.connect(descriptor, $0, size)
        #endif
      }
    }
    guard result == 0 else { throw UnexpectedAnswer(text: "connect: errno \(errno)") }
    // A server that never answers fails the test instead of hanging it.
    var limit = timeval(tv_sec: 30, tv_usec: 0)
    _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  func send(_ data: Data) throws {
    var rest = Array(data)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe systemSend(descriptor, $0.baseAddress, $0.count, noSignal) }
      guard count > 0 else { return }  // The server has answered and closed before it had read all.
      rest = rest.dropFirst(count)
    }
  }

  /// Up to so many bytes; none at the end.
  func read(upTo bytesMax: Int = 65_536) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: bytesMax)
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe systemReceive(descriptor, $0.baseAddress, $0.count, 0) }
    if count < 0, errno == EAGAIN { throw UnexpectedAnswer(text: "the server sent nothing for 30 s") }
    return Array(buffer.prefix(max(0, count)))
  }

  func readToEnd() throws -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let piece = try read()
      if piece.isEmpty { return bytes }
      bytes += piece
    }
  }

  /// Reads until the text has come.
  func read(until text: String) throws -> String {
    var bytes: [UInt8] = []
    while !String(decoding: bytes, as: UTF8.self).contains(text) {
      let piece = try read()
      if piece.isEmpty {
        throw UnexpectedAnswer(text: "ended before '\(text)': \(String(decoding: bytes, as: UTF8.self))")
      }
      bytes += piece
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  mutating func close() {
    guard descriptor >= 0 else { return }
    systemClose(descriptor)
    descriptor = -1
  }

  /// Says that no more will be sent, but goes on reading.
  func shutdownSending() { _ = systemShutdown(descriptor, CInt(SHUT_WR)) }
}

private let noSignal = CInt(MSG_NOSIGNAL)
private func systemClose(_ descriptor: CInt) { _ = close(descriptor) }
private let systemSend = unsafe send(_:_:_:_:)
private let systemReceive = unsafe recv(_:_:_:_:)
private let systemShutdown = shutdown(_:_:)

/// Runs blocking work on a thread of its own: the pool's few are the server's.
func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
  }
}

/// An answer, taken apart.
struct Reply: Sendable {
  let status: Int
  let headers: [String: String]
  let text: String

  init(bytes: [UInt8]) throws {
    let whole = String(decoding: bytes, as: UTF8.self)
    guard let end = whole.range(of: "\r\n\r\n") else { throw UnexpectedAnswer(text: "no head in '\(whole)'") }
    let lines = whole[..<end.lowerBound].components(separatedBy: "\r\n")
    status = Int(lines[0].split(separator: " ")[1]) ?? 0
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    self.headers = headers
    let body = String(whole[end.upperBound...])
    text = headers["transfer-encoding"] == "chunked" ? Self.dechunk(body) : body
  }

  private static func dechunk(_ body: String) -> String {
    var rest = Array(body.utf8)[...]
    var text: [UInt8] = []
    while let line = rest.firstIndex(of: 10) {
      guard
        let size = Int(
          String(decoding: rest[..<line], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines), radix: 16)
      else { break }
      text += rest[(line + 1)...].prefix(size)
      rest = rest[(line + 1)...].dropFirst(size + 2)
    }
    return String(decoding: text, as: UTF8.self)
  }

  var body: JSONValue { (try? JSONValue(parsing: text)) ?? .null }

  /// The data of the stream's events.
  var events: [String] {
    text.components(separatedBy: "\n\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
  }

  var chunks: [JSONValue] { events.compactMap { try? JSONValue(parsing: $0) } }
}
