import AgentHTTP
import AgentJSON
import AgentRuntime
import NIOCore
import _StringProcessing

extension OpenAIUpstream {
  /// How much of an upstream's text an error repeats, in code points.
  static let messageMax = 1000

  /// What an answer with an error status means (contract §6).
  func error(_ head: AnswerHead, body: ByteBuffer, unixNow: Int) -> ModelError {
    let fault = (try? JSONValue(parsing: body.readableBytesUInt8Span)).flatMap { UpstreamFault(body: $0) }
    let text =
      fault?.message
      ?? String(buffer: body.getSlice(at: body.readerIndex, length: min(body.readableBytes, 8192)) ?? body)
    let retryAfter = RetryAfter.parse(
      milliseconds: head.header("retry-after-ms"), value: head.header("retry-after"), unixNow: unixNow)
    let kind: ModelError.Kind =
      switch head.status {
      case 400, 413, 422: .rejected
      case 408, 409, 500...599: .unavailable
      case 429: .rateLimited
      case 300..<500: .misconfigured
      default: .brokenAnswer
      }
    let said = text.isEmpty ? "" : ": \(shown(text))"
    return ModelError(
      kind, "\(name) answered HTTP \(head.status)\(said)", status: head.status, retryAfter: retryAfter,
      isRetryable: kind == .unavailable || kind == .rateLimited)
  }

  /// What an error of the transport means; `ModelError` and `CancellationError` pass as they are.
  func error(_ error: any Error) -> any Error {
    guard let error = error as? TransportError else { return error }
    let text = "\(name): \(error.message)"
    return switch error.kind {
    case .invalidRequest: ModelError(.misconfigured, text, cause: error)
    case .connection, .closedBeforeAnswer, .closedInAnswer:
      ModelError(.unavailable, text, isRetryable: true, cause: error)
    case .timeout: ModelError(.timeout, text, isRetryable: true, cause: error)
    case .invalidAnswer, .bodyTooLarge: ModelError(.brokenAnswer, text, cause: error)
    }
  }

  /// An error that stands in an answer or in an event of a stream.
  func error(reported fault: UpstreamFault) -> ModelError {
    // As for a status: a fault of the request comes again, one of the server may not.
    let isRetryable =
      switch fault.code {
      case nil, 408, 409, 429: true
      case let code?: !(400..<500).contains(code)
      }
    return ModelError(.brokenAnswer, "\(name) reported: \(shown(fault.message))", isRetryable: isRetryable)
  }

  func brokenAnswer(_ why: String, isRetryable: Bool = false) -> ModelError {
    ModelError(.brokenAnswer, "\(name): \(shown(why))", isRetryable: isRetryable)
  }

  /// An upstream's text without our key, which some repeat, and cut.
  private func shown(_ text: String) -> String {
    let clean = if let key = apiKey?.revealed { text.replacing(key, with: "***") } else { text }
    let scalars = clean.unicodeScalars
    guard scalars.count > Self.messageMax else { return clean }
    return String(String.UnicodeScalarView(scalars.prefix(Self.messageMax))) + "…"
  }
}
