import HTTPTypes

/// Answers browsers that ask whether a page of another origin may call (contract §1.8). Off without origins.
struct CORS: Sendable {
  let origins: [String]

  private func allowed(_ head: HTTPRequest) -> String? {
    guard !origins.isEmpty, let origin = head.headerFields[.origin] else { return nil }
    return origins.contains("*") || origins.contains(origin) ? origin : nil
  }

  /// Adds to an answer's headers what lets the browser hand it to the page.
  func decorate(_ headers: inout HTTPFields, for head: HTTPRequest) {
    guard let origin = allowed(head) else { return }
    headers[.accessControlAllowOrigin] = origin
    headers[.vary] = "Origin"
    headers[.accessControlExposeHeaders] = "X-Request-ID, ETag, X-Total-Count, Retry-After"
  }

  /// The answer to a preflight request; nil where it is none, or from elsewhere.
  func preflight(_ head: HTTPRequest) -> HTTPAnswer? {
    guard head.method == .options, head.headerFields[.accessControlRequestMethod] != nil, allowed(head) != nil else {
      return nil
    }
    var answer = HTTPAnswer(status: .noContent)
    decorate(&answer.headers, for: head)
    answer.headers[.accessControlAllowMethods] = "GET, POST, PUT, PATCH, DELETE"
    answer.headers[.accessControlAllowHeaders] =
      head.headerFields[.accessControlRequestHeaders] ?? "authorization, content-type, x-runtime-token"
    answer.headers[.accessControlMaxAge] = "600"
    return answer
  }
}
