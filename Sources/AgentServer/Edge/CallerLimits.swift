import AgentRuntime
import HTTPTypes

/// How often a client's address and a token may call (RATE_LIMIT_PER_IP, RATE_LIMIT_PER_TOKEN).
struct CallerLimits: Sendable {
  /// Addresses that are told apart; anybody may come with a new one.
  private static let addressesMax = 100_000
  /// Probes must learn how the runtime is, however often they ask.
  private static let exempt: Set<Substring> = ["/ping", "/ping/", "/ready", "/ready/"]

  private let addressLimits: RateLimits
  private let tokenLimits: RateLimits
  private let addresses: RateLimiter
  private let tokens: RateLimiter

  init(_ configuration: APIServerConfiguration) {
    addressLimits = RateLimits(requests: configuration.addressRateLimit)
    tokenLimits = RateLimits(requests: configuration.tokenRateLimit)
    addresses = RateLimiter(keysMax: Self.addressesMax, now: configuration.now)
    tokens = RateLimiter(keysMax: max(1, configuration.tokens.count), now: configuration.now)
  }

  /// Counts a request of an address, as `ClientAddress` names it. Throws `RuntimeError` 429.
  func admit(address: String?, path: Substring, _ record: inout RequestRecord) throws {
    guard let address, !addressLimits.isEmpty, !Self.exempt.contains(path) else { return }
    try admit(RateLimitSubject(.address, address, addressLimits), addresses, &record)
  }

  /// Counts a request of a token, by its place in the list. Throws `RuntimeError` 429.
  func admit(token: Int, _ record: inout RequestRecord) throws {
    try admit(RateLimitSubject(.token, String(token), tokenLimits), tokens, &record)
  }

  private func admit(_ subject: RateLimitSubject, _ limiter: RateLimiter, _ record: inout RequestRecord) throws {
    do {
      try limiter.admit([subject])
    } catch {
      record.rates = limiter.status(of: [subject])
      throw error
    }
  }
}

extension HTTPFields {
  /// Adds OpenAI's rate-limit headers.
  mutating func add(_ rates: RateLimitStatus) {
    for (name, value) in rates.headers {
      if let name = HTTPField.Name(name) { self[name] = value }
    }
  }
}

/// What of a client's address counts as one caller: an IPv4 address, and of IPv6 the network, since whoever has one
/// address of it has them all.
enum ClientAddress {
  /// The name of the caller for an address as the socket writes it.
  static func caller(_ address: String) -> String {
    guard address.contains(":") else { return address }
    let mapped = "::ffff:"
    if address.lowercased().hasPrefix(mapped), address.contains(".") { return String(address.dropFirst(mapped.count)) }
    let halves = address.lowercased().split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
    var groups = halves[0].split(separator: ":")
    if halves.count == 2 {
      let tail = halves[1].split(separator: ":")
      groups += Array(repeating: "0", count: max(0, 8 - groups.count - tail.count)) + tail
    }
    return groups.prefix(4).joined(separator: ":") + "::/64"
  }
}
