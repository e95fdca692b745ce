import AgentHTTP
import AgentRuntime

/// Fetches a URL: checks where it leads, goes exactly there, and checks each redirect anew.
struct Fetcher: Sendable {
  /// The answer that ended the redirects.
  struct Page: Sendable {
    let url: FetchURL
    let answer: PinnedAnswer
  }

  static let statusesOfRedirects: Set = [301, 302, 303, 307, 308]

  let settings: FetchSettings
  let check: AddressCheck
  let transport: HTTPTransport
  let clock: any Clock<Duration>

  init(settings: FetchSettings, resolver: any HostResolver, transport: HTTPTransport, clock: any Clock<Duration>) {
    self.settings = settings
    check = AddressCheck(settings: settings, resolver: resolver)
    self.transport = transport
    self.clock = clock
  }

  /// Throws a `ToolError`, or `CancellationError`.
  func page(_ url: FetchURL, _ method: OutgoingRequest.Method, bytesMax: Int) async throws -> Page {
    try await withThrowingTaskGroup(of: Page.self) { group in
      defer { group.cancelAll() }
      group.addTask { try await follow(url, method, bytesMax) }
      group.addTask {
        try await clock.sleep(for: settings.timeout)
        throw ToolError("\(url) did not answer within \(settings.timeout)")
      }
      guard let page = try await group.next() else { throw CancellationError() }
      return page
    }
  }

  private func follow(_ start: FetchURL, _ method: OutgoingRequest.Method, _ bytesMax: Int) async throws -> Page {
    var url = start
    for _ in 0...FetchSettings.redirectsMax {
      let answer = try await ask(url, method, bytesMax)
      guard Self.statusesOfRedirects.contains(answer.head.status), let location = answer.head.header("location") else {
        return Page(url: url, answer: answer)
      }
      url = try redirected(from: url, to: location)
    }
    throw ToolError("\(start) was redirected more than \(FetchSettings.redirectsMax) times")
  }

  func redirected(from url: FetchURL, to location: String) throws -> FetchURL {
    let next: FetchURL
    do {
      next = try url.resolving(location)
    } catch let error as ToolError {
      throw ToolError("\(url) redirects to where this tool does not go: \(error.message)", cause: error)
    }
    guard next.isSecure || !url.isSecure else {
      throw ToolError("\(url) redirects to \(next): from https to http is refused")
    }
    return next
  }

  private func ask(_ url: FetchURL, _ method: OutgoingRequest.Method, _ bytesMax: Int) async throws -> PinnedAnswer {
    let addresses = try await check.addresses(for: url)
    var failure: TransportError?
    for address in addresses {
      do {
        return try await ask(url, at: address, method, bytesMax)
      } catch let error as TransportError {
        failure = error
        // Nothing but a connection that was not made says that another address might do better.
        guard error.kind == .connection else { break }
      }
    }
    let reason = failure?.message ?? "no address"
    throw ToolError("\(url) could not be fetched: \(reason)", cause: failure)
  }

  private func ask(
    _ url: FetchURL, at address: IPAddress, _ method: OutgoingRequest.Method, _ bytesMax: Int
  ) async throws -> PinnedAnswer {
    let request = try OutgoingRequest(
      method, url: url.description,
      headers: [
        ("accept", "text/html, text/plain, application/json, application/xml;q=0.9, */*;q=0.1"),
        // A few bytes of a compressed body could become any number of them.
        ("accept-encoding", "identity"), ("user-agent", "apus"),
      ], timeout: settings.timeout)
    return try await transport.send(request, to: address.description, bytesMax: bytesMax) { head in
      !Self.statusesOfRedirects.contains(head.status) && method != .head && ContentKind(head).isReadable
    }
  }
}
