/// Whose rate is limited, and how.
public struct RateLimitSubject: Sendable, Hashable {
  /// What it is.
  public enum Kind: String, Sendable, Hashable {
    /// An agent, by its id (`limits` of its definition).
    case agent
    /// A model configuration, by its id (MODELS_FILE).
    case model
    /// A caller's token, by its place in RUNTIME_TOKEN, never by itself (RATE_LIMIT_PER_TOKEN).
    case token
    /// A client's address (RATE_LIMIT_PER_IP).
    case address
  }

  /// What counts as the same.
  public struct Key: Sendable, Hashable {
    /// What it is.
    public let kind: Kind
    /// Which one.
    public let id: String
  }

  /// Who it is.
  public let key: Key
  /// What holds now; another time the same key may have other limits.
  public let limits: RateLimits

  /// Names a subject.
  public init(_ kind: Kind, _ id: String, _ limits: RateLimits) {
    key = Key(kind: kind, id: id)
    self.limits = limits
  }

  /// The subject in a sentence: `Agent 'bot'`.
  var name: String {
    switch key.kind {
    case .agent: "Agent '\(key.id)'"
    case .model: "Model configuration '\(key.id)'"
    case .token: "This token"
    case .address: "This client address"
    }
  }
}
