import AgentSQLite
import FoundationEssentials
import Logging

extension Settings {
  /// Reads the settings from the environment and the text of a `.env` file, of which the environment wins.
  ///
  /// Throws all faults at once.
  static func load(environment: [String: String], dotenv: String?) throws(SettingsError) -> Settings {
    let (settings, faults) = inspect(environment: environment, dotenv: dotenv)
    guard faults.isEmpty else { throw SettingsError(faults: faults) }
    return settings
  }

  /// Reads the settings, with the default in place of each that is faulty.
  static func inspect(
    environment: [String: String], dotenv: String?
  ) -> (settings: Settings, faults: [SettingFault]) {
    var reader = SettingsReader(environment: environment, file: EnvironmentFile(dotenv ?? ""))
    var settings = Settings()
    settings.isDebug = reader.boolean("DEBUG")
    settings.runtimeTokens = reader.runtimeTokens(isDebug: settings.isDebug)
    settings.readListening(&reader)
    settings.readModel(&reader)
    settings.readLimits(&reader)
    settings.readSandbox(&reader)
    settings.readLayers(&reader)
    settings.readDatabase(&reader)
    settings.readLogging(&reader)
    reader.warnOfUnused()
    settings.warnings = reader.warnings
    return (settings, reader.faults)
  }

  private mutating func readListening(_ reader: inout SettingsReader) {
    host = reader.host("HOST", or: host)
    port = reader.integer("PORT", or: port, in: 0...65_535)
    tls = reader.tlsFiles()
    corsOrigins = reader.origins("CORS_ORIGINS")
    requestBytesMax = reader.integer("MAX_REQUEST_BYTES", or: requestBytesMax, in: 1...1 << 30)
    idleTimeout = reader.seconds("IDLE_TIMEOUT", or: idleTimeout)
    drainTimeout = reader.seconds("DRAIN_TIMEOUT", or: drainTimeout)
    streamKeepAlive = reader.seconds("SSE_KEEPALIVE", or: streamKeepAlive)
    isMetricsOpen = reader.boolean("METRICS_OPEN")
  }

  private mutating func readModel(_ reader: inout SettingsReader) {
    let services = ["LLM_PROXY_URL", "OPENAI_API_KEY", "MODELS_FILE"]
    if services.allSatisfy({ reader.text($0) == nil }) {
      reader.fault(
        "LLM_PROXY_URL, OPENAI_API_KEY and MODELS_FILE", "are all unset, so no model could answer",
        allowed: "LLM_PROXY_URL=http://host:port of an OpenAI-compatible service, OPENAI_API_KEY, or MODELS_FILE")
    }
    let allowed = "a YAML file that this user may read"
    modelsFile = reader.file("MODELS_FILE", allowed: allowed)
    toolsetsFile = reader.file("TOOLSETS_FILE", allowed: allowed)
    proxyURL = reader.value("LLM_PROXY_URL", or: nil, allowed: WebAddress.allowed, WebAddress.baseURL)
    proxyToken = reader.secret("LLM_PROXY_TOKEN")
    openAIKey = reader.secret("OPENAI_API_KEY")
    openAIBaseURL = reader.value(
      "OPENAI_BASE_URL", or: openAIBaseURL, allowed: WebAddress.allowed, WebAddress.baseURL)
    openAIModel = reader.identifier("OPENAI_MODEL", or: openAIModel)
    defaultModelID = reader.identifier("DEFAULT_LLM_CONFIG_ID", or: defaultModelID)
    modelTimeout = reader.seconds("LLM_REQUEST_TIMEOUT", or: modelTimeout)
  }

  private mutating func readLimits(_ reader: inout SettingsReader) {
    executionTimeout = reader.seconds("AGENT_EXECUTION_TIMEOUT", or: executionTimeout)
    concurrentRunsMax = reader.integer("MAX_CONCURRENT_AGENTS", or: concurrentRunsMax, in: 1...1_000_000)
    messageLengthMax = reader.integer("MAX_MESSAGE_LENGTH", or: messageLengthMax, in: 1...1 << 30)
    conversationHistoryMax = reader.integer(
      "MAX_CONVERSATION_HISTORY", or: conversationHistoryMax, in: 1...1_000_000)
    tokenRateLimit = reader.rateLimit("RATE_LIMIT_PER_TOKEN")
    addressRateLimit = reader.rateLimit("RATE_LIMIT_PER_IP")
  }

  private mutating func readSandbox(_ reader: inout SettingsReader) {
    runsCode = reader.boolean("CODE_EXECUTION", or: runsCode)
    let allowed = "the path of an executable"
    sandboxPython = reader.file("SANDBOX_PYTHON", allowed: allowed)
    sandboxDeno = reader.file("SANDBOX_DENO", allowed: allowed)
    sandboxPythonIdle = reader.integer("SANDBOX_PYTHON_IDLE", or: sandboxPythonIdle, in: 0...256)
    sandboxDenoIdle = reader.integer("SANDBOX_DENO_IDLE", or: sandboxDenoIdle, in: 0...256)
    sandboxWorkersMax = reader.integer("SANDBOX_WORKERS_MAX", or: sandboxWorkersMax, in: 1...256)
    sandboxRefillCPU = reader.integer("SANDBOX_REFILL_CPU", or: sandboxRefillCPU, in: 1...10_000)
    codeModelCallsMax = reader.integer("SANDBOX_MODEL_CALLS_MAX", or: codeModelCallsMax, in: 0...100_000)
    codeModelTokensMax = reader.integer("SANDBOX_MODEL_TOKENS_MAX", or: codeModelTokensMax, in: 0...1 << 30)
  }

  private mutating func readDatabase(_ reader: inout SettingsReader) {
    databasePath = reader.databasePath("DATABASE_URL", or: databasePath)
    synchronous = reader.choice(
      "SQLITE_SYNCHRONOUS", or: synchronous, of: SQLiteStore.Synchronous.allCases.map { ($0.rawValue, $0) })
    runRetention = reader.days("RUN_RETENTION", or: runRetention)
    threadRetention = reader.days("THREAD_RETENTION", or: threadRetention)
  }

  private mutating func readLogging(_ reader: inout SettingsReader) {
    logLevel = reader.choice(
      "LOG_LEVEL", or: logLevel,
      of: [("DEBUG", .debug), ("INFO", .info), ("WARN", .warning), ("WARNING", .warning), ("ERROR", .error)])
    logFormat = reader.choice("LOG_FORMAT", or: logFormat, of: LogFormat.allCases.map { ($0.rawValue, $0) })
    logsContent = reader.boolean("LOG_CONTENT")
  }
}
