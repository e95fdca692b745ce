public import AgentRuntime
import NIOSSL

/// How the server listens and what it lets in (contract §1, §7).
public struct APIServerConfiguration: Sendable {
  /// The address to listen on.
  public var host = "0.0.0.0"
  /// The port to listen on; 0 takes any free one.
  public var port = 8000
  /// Tokens of which a caller must show one.
  public var tokens: [String]
  /// Serves `/docs` and `/openapi.json`.
  public var isDebug = false
  /// Origins that browsers may call from; `*` is any. Empty: no CORS.
  public var corsOrigins: [String] = []
  /// Bytes of a request's body.
  public var requestBytesMax = 8 << 20
  /// Whether `/metrics` needs no token.
  public var isMetricsOpen = false
  /// How long open requests may go on after a shutdown was asked for.
  public var drainTimeout = Duration.seconds(30)
  /// How long a connection may stand idle, or a request's body stall.
  public var idleTimeout = Duration.seconds(75)
  /// After so long a silence of the model a comment goes into a stream.
  public var keepAliveInterval = Duration.seconds(15)
  /// Requests of each token; nil is no limit.
  public var tokenRateLimit: RateLimit?
  /// Requests of each client address; nil is no limit.
  public var addressRateLimit: RateLimit?
  /// The time by which rates are counted.
  public var now: @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  /// Certificate chain and key, PEM files; nil serves plain HTTP.
  public var tls: TLSFiles?

  /// Where certificate and key are.
  public struct TLSFiles: Sendable {
    /// TLS_CERT_FILE.
    public var certificate: String
    /// TLS_KEY_FILE.
    public var key: String

    /// Names the files.
    public init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }

    /// Throws what NIOSSL says of a file that it cannot use.
    func load() throws -> TLSConfiguration {
      try .makeServerConfiguration(
        certificateChain: NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
        privateKey: .privateKey(NIOSSLPrivateKey(file: key, format: .pem)))
    }
  }

  /// The contract's defaults, with the tokens that are let in.
  public init(tokens: [String]) { self.tokens = tokens }
}
