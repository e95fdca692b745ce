import AgentLLM
import AgentRuntime
import AgentSQLite
import Logging
import Testing

@testable import apus

@Suite struct SettingsTests {
  static let needed = ["RUNTIME_TOKEN": "0123456789abcdef", "LLM_PROXY_URL": "http://127.0.0.1:9"]

  private func load(_ variables: [String: String], dotenv: String? = nil) throws(SettingsError) -> Settings {
    try Settings.load(environment: Self.needed.merging(variables) { $1 }, dotenv: dotenv)
  }

  private func faults(_ variables: [String: String]) -> [String] {
    Settings.inspect(environment: Self.needed.merging(variables) { $1 }, dotenv: nil).faults.map(\.description)
  }

  @Test func defaultsAreTheContracts() throws {
    let settings = try load([:])
    #expect(settings.runtimeTokens.map(\.revealed) == ["0123456789abcdef"])
    #expect(settings.host == "0.0.0.0" && settings.port == 8000 && !settings.isDebug)
    #expect(settings.logLevel == .info && settings.logFormat == .json && !settings.logsContent)
    #expect(settings.proxyURL == "http://127.0.0.1:9" && settings.proxyToken == nil && settings.openAIKey == nil)
    #expect(settings.defaultModelID == "default" && settings.openAIModel == "gpt-4o-mini")
    #expect(settings.modelTimeout == .seconds(60) && settings.executionTimeout == .seconds(300))
    #expect(settings.concurrentRunsMax == 100 && settings.messageLengthMax == 32_000)
    #expect(settings.conversationHistoryMax == 100 && settings.requestBytesMax == 8_388_608)
    #expect(settings.databasePath == "data/apus.sqlite" && settings.synchronous == .full)
    #expect(settings.tls == nil && settings.corsOrigins.isEmpty && !settings.isMetricsOpen)
    #expect(settings.runRetention == .seconds(2_592_000) && settings.threadRetention == nil)
    #expect(settings.idleTimeout == .seconds(75) && settings.drainTimeout == .seconds(30))
    #expect(settings.streamKeepAlive == .seconds(15))
    #expect(settings.warnings.isEmpty)
  }

  @Test func everyVariableIsRead() throws {
    let settings = try load([
      "RUNTIME_TOKEN": " first-token , second-token ", "HOST": "127.0.0.1", "PORT": "0", "DEBUG": "Yes",
      "LOG_LEVEL": "warn", "LOG_FORMAT": "TEXT", "LOG_CONTENT": "1", "METRICS_OPEN": "TRUE",
      "LLM_PROXY_URL": "https://models.example.com:8443/v1/", "LLM_PROXY_TOKEN": "proxy-key",
      "DEFAULT_LLM_CONFIG_ID": "main", "OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://[::1]:80/v1",
      "OPENAI_MODEL": "other", "LLM_REQUEST_TIMEOUT": "0.5", "AGENT_EXECUTION_TIMEOUT": "86400",
      "MAX_CONCURRENT_AGENTS": "1", "MAX_MESSAGE_LENGTH": "2", "MAX_CONVERSATION_HISTORY": "3",
      "MAX_REQUEST_BYTES": "4", "DATABASE_URL": "sqlite:////var/lib/apus/a.db", "SQLITE_SYNCHRONOUS": "Normal",
      "CORS_ORIGINS": "https://App.example.com, http://localhost:3000", "RUN_RETENTION": "7d",
      "THREAD_RETENTION": "90", "IDLE_TIMEOUT": "1", "DRAIN_TIMEOUT": "2", "SSE_KEEPALIVE": "2.5",
    ])
    #expect(settings.runtimeTokens.map(\.revealed) == ["first-token", "second-token"])
    #expect(settings.host == "127.0.0.1" && settings.port == 0 && settings.isDebug)
    #expect(settings.logLevel == .warning && settings.logFormat == .text && settings.logsContent)
    #expect(settings.isMetricsOpen && settings.proxyURL == "https://models.example.com:8443/v1")
    #expect(settings.proxyToken?.revealed == "proxy-key" && settings.openAIKey?.revealed == "sk-1")
    #expect(settings.defaultModelID == "main" && settings.openAIBaseURL == "http://[::1]:80/v1")
    #expect(settings.openAIModel == "other" && settings.modelTimeout == .milliseconds(500))
    #expect(settings.executionTimeout == .seconds(86_400) && settings.concurrentRunsMax == 1)
    #expect(settings.messageLengthMax == 2 && settings.conversationHistoryMax == 3)
    #expect(settings.requestBytesMax == 4 && settings.databasePath == "/var/lib/apus/a.db")
    #expect(settings.synchronous == .normal)
    #expect(settings.corsOrigins == ["https://app.example.com", "http://localhost:3000"])
    #expect(settings.runRetention == .seconds(604_800) && settings.threadRetention == .seconds(7_776_000))
    #expect(settings.idleTimeout == .seconds(1) && settings.drainTimeout == .seconds(2))
    #expect(settings.streamKeepAlive == .milliseconds(2500))
  }

  @Test(arguments: [("0.5", 43_200), ("1.5d", 129_600), ("36500", 3_153_600_000), ("0.25D", 21_600), ("OFF", nil)])
  func retentionIsInDays(_ text: String, _ seconds: Double?) throws {
    let settings = try load(["RUN_RETENTION": text, "THREAD_RETENTION": text])
    let days = seconds.map { Duration.seconds($0) }
    #expect(settings.runRetention == days && settings.threadRetention == days)
    #expect(settings.retentionRules == RetentionRules(runs: days, threads: days))
  }

  @Test func environmentWinsOverFile() throws {
    let settings = try load(["PORT": "1", "OPENAI_MODEL": ""], dotenv: "PORT=2\nHOST=::1\nOPENAI_MODEL=x\n")
    #expect(settings.port == 1 && settings.host == "::1")
    // Set and empty hides the file's value, as in a shell.
    #expect(settings.openAIModel == "gpt-4o-mini")
  }

  @Test(arguments: [
    ("PORT", "abc"), ("PORT", "65536"), ("PORT", "-1"), ("PORT", "80 80"), ("PORT", "8e3"), ("HOST", "http://x"),
    ("HOST", "a b"), ("HOST", "ö"), ("DEBUG", "maybe"), ("LOG_CONTENT", "on"), ("LOG_LEVEL", "TRACE"),
    ("LOG_FORMAT", "xml"), ("LLM_PROXY_URL", "localhost:11434"), ("LLM_PROXY_URL", "ftp://x"),
    ("LLM_PROXY_URL", "http://"), ("LLM_PROXY_URL", "http:/x"), ("LLM_PROXY_URL", "http://:80"),
    ("LLM_PROXY_URL", "http://x:0"), ("LLM_PROXY_URL", "http://x:99999"), ("LLM_PROXY_URL", "http://[::1"),
    ("LLM_PROXY_URL", "http://x/?a"), ("OPENAI_BASE_URL", "http://x#y"), ("OPENAI_BASE_URL", "http://ö.de"),
    ("LLM_REQUEST_TIMEOUT", "0"), ("LLM_REQUEST_TIMEOUT", "-1"), ("LLM_REQUEST_TIMEOUT", "nan"),
    ("LLM_REQUEST_TIMEOUT", "1e3"), ("LLM_REQUEST_TIMEOUT", "60s"), ("LLM_REQUEST_TIMEOUT", "86401"),
    ("AGENT_EXECUTION_TIMEOUT", "0x10"), ("IDLE_TIMEOUT", "inf"), ("DRAIN_TIMEOUT", "."), ("SSE_KEEPALIVE", "x"),
    ("MAX_CONCURRENT_AGENTS", "0"), ("MAX_MESSAGE_LENGTH", "-5"), ("MAX_CONVERSATION_HISTORY", "1.5"),
    ("MAX_REQUEST_BYTES", "8MB"), ("MAX_REQUEST_BYTES", "99999999999999999999"),
    ("DATABASE_URL", "sqlite://x"), ("DATABASE_URL", "sqlite:///"), ("DATABASE_URL", "sqlite:///:memory:"),
    ("DATABASE_URL", "sqlite:///a?mode=ro"), ("DATABASE_URL", "mysql://x"), ("DATABASE_URL", "a.sqlite"),
    ("DATABASE_URL", "postgres://u:p@h/d"), ("DATABASE_URL", "postgresql://h/d"), ("SQLITE_SYNCHRONOUS", "off"),
    ("CORS_ORIGINS", "example.com"), ("CORS_ORIGINS", "https://a,"), ("CORS_ORIGINS", "https://a/"),
    ("CORS_ORIGINS", "*,https://a"), ("RUN_RETENTION", "0"), ("RUN_RETENTION", "30h"), ("THREAD_RETENTION", "never"),
    ("RUN_RETENTION", "1.5.0"), ("RUN_RETENTION", "d"), ("THREAD_RETENTION", "36500.1"), ("RUN_RETENTION", "1e3"),
    ("MODELS_FILE", "models.json"), ("TOOLSETS_FILE", "/"), ("RATE_LIMIT_PER_TOKEN", "0"),
    ("RATE_LIMIT_PER_TOKEN", "-1"), ("RATE_LIMIT_PER_TOKEN", "60/d"), ("RATE_LIMIT_PER_TOKEN", "60/"),
    ("RATE_LIMIT_PER_TOKEN", "/m"), ("RATE_LIMIT_PER_TOKEN", "60/m/s"), ("RATE_LIMIT_PER_IP", "1.5"),
    ("RATE_LIMIT_PER_IP", "+5"), ("RATE_LIMIT_PER_IP", "1000000001"), ("RATE_LIMIT_PER_IP", "99999999999999999999/s"),
    ("OPENAI_MODEL", "a b"), ("LLM_PROXY_TOKEN", "a b"), ("OPENAI_API_KEY", "ä"),
    ("TLS_CERT_FILE", "/nonexistent.pem"), ("TLS_KEY_FILE", "/"),
  ])
  func wrongValueIsNamedWithWhatIsAllowed(_ name: String, _ value: String) throws {
    let found = faults([name: value])
    let line = try #require(found.first)
    #expect(line.hasPrefix(name + " ") && line.contains("(allowed: ") && !line.contains("\n"))
  }

  @Test func missingTokenAndModelAreBothNamedInOneLine() {
    do {
      _ = try Settings.load(environment: ["PORT": "x"], dotenv: nil)
      Issue.record("loaded without a token")
    } catch {
      let line = "\(error)"
      #expect(line.contains("RUNTIME_TOKEN is not set") && line.contains("; PORT \"x\" is not a whole number"))
      #expect(line.contains("LLM_PROXY_URL, OPENAI_API_KEY and MODELS_FILE are all unset"))
      #expect(!line.contains("\n"))
    }
  }

  @Test(arguments: ["change-me", "good-token-1, change-me"])
  func exampleTokenNeedsDebug(_ tokens: String) throws {
    #expect(faults(["RUNTIME_TOKEN": tokens]).count == 1)
    #expect(try load(["RUNTIME_TOKEN": tokens, "DEBUG": "true"]).warnings.count == 1)
  }

  @Test(arguments: ["a,,b", ",", "token-one,", "tökens-here", "with space"])
  func wrongTokens(_ tokens: String) {
    #expect(!faults(["RUNTIME_TOKEN": tokens]).isEmpty)
  }

  @Test func shortTokenIsAWarning() throws {
    #expect(
      try load(["RUNTIME_TOKEN": "short"]).warnings == [
        "RUNTIME_TOKEN has a token of fewer than 8 characters, which is easy to guess"
      ])
  }

  @Test func noSecretIsEverShown() throws {
    let secret = "hunter2"
    let lines = faults([
      "RUNTIME_TOKEN": "\(secret) \(secret)", "LLM_PROXY_TOKEN": "\(secret)\u{7}ö", "OPENAI_API_KEY": "\(secret) x",
      "LLM_PROXY_URL": "http://user:\(secret)@host", "OPENAI_BASE_URL": "http://host/?key=\(secret)",
      "DATABASE_URL": "postgres://user:\(secret)@host/db",
    ])
    #expect(lines.count == 6 && lines.allSatisfy { !$0.contains(secret) })
    let settings = try load(["RUNTIME_TOKEN": secret, "OPENAI_API_KEY": secret])
    var dumped = ""
    dump(settings, to: &dumped)
    #expect(!dumped.contains(secret) && !"\(settings)".contains(secret))
  }

  @Test func controlCharactersAreEscaped() throws {
    let line = try #require(faults(["LOG_LEVEL": "a\n\u{1B}[31mb"]).first)
    #expect(line.contains(#""a\n\u{1B}[31mb""#) || line.contains(#""a\n\u{0000001B}[31mb""#))
    #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 })
  }

  @Test func certificateNeedsItsKey() {
    #expect(faults(["TLS_CERT_FILE": "Package.swift"]).contains { $0.hasPrefix("TLS_KEY_FILE is not set") })
    #expect(faults(["TLS_KEY_FILE": "Package.swift"]).contains { $0.hasPrefix("TLS_CERT_FILE is not set") })
  }

  @Test func readableCertificateAndKeyAreTaken() throws {
    let settings = try load(["TLS_CERT_FILE": "Package.swift", "TLS_KEY_FILE": "Package.swift"])
    #expect(settings.tls?.certificate == "Package.swift" && settings.tls?.key == "Package.swift")
  }

  @Test func anyOriginAlone() throws {
    #expect(try load(["CORS_ORIGINS": " * "]).corsOrigins == ["*"])
  }

  @Test func whatHasNoEffectIsSaid() throws {
    let settings = try load([
      "RELOAD": "true", "THREAD_RETENTION": "30", "RUN_RETENTION": "off", "SOMETHING_ELSE": "x",
    ])
    let names = settings.warnings.map { $0.prefix { $0 != " " } }
    #expect(names == ["RELOAD"])
  }

  @Test func modelsFileIsEnoughAlone() throws {
    let settings = try load([
      "LLM_PROXY_URL": "", "MODELS_FILE": "Package.swift", "TOOLSETS_FILE": " README.md ",
    ])
    #expect(settings.modelsFile == "Package.swift" && settings.toolsetsFile == "README.md")
    #expect(settings.proxyURL == nil && settings.openAIKey == nil && settings.warnings.isEmpty)
    let unset = try load([:])
    #expect(unset.modelsFile == nil && unset.toolsetsFile == nil)
  }

  @Test(arguments: [
    ("60", 60, RateLimit.Period.minute), ("10/s", 10, .second), ("600/m", 600, .minute), ("5000/H", 5000, .hour),
    (" 1 / s ", 1, .second), ("1000000000/h", 1_000_000_000, .hour),
  ])
  func rateLimitsAreRead(_ text: String, _ count: Int, _ period: RateLimit.Period) throws {
    let settings = try load(["RATE_LIMIT_PER_TOKEN": text, "RATE_LIMIT_PER_IP": "OFF"])
    #expect(settings.tokenRateLimit == RateLimit(count, per: period) && settings.addressRateLimit == nil)
    #expect(try load(["RATE_LIMIT_PER_IP": text]).addressRateLimit == RateLimit(count, per: period))
  }

  @Test func openAIAloneIsEnough() throws {
    #expect(try load(["LLM_PROXY_URL": " ", "OPENAI_API_KEY": "sk-1"]).proxyURL == nil)
  }
}
