import AgentLLM
import AgentRuntime
import AgentSQLite
import AgentSandbox
import Logging

/// What the environment and `.env` say (contract §7), checked.
struct Settings: Sendable {
  /// How a line of the log looks.
  enum LogFormat: String, Sendable, CaseIterable {
    case json, text
  }

  /// RUNTIME_TOKEN: of these tokens a caller must show one.
  var runtimeTokens: [Secret] = []
  /// HOST: the address to listen on.
  var host = "0.0.0.0"
  /// PORT: 0 takes any free one.
  var port = 8000
  /// TLS_CERT_FILE, TLS_KEY_FILE: PEM files; nil serves plain HTTP.
  var tls: (certificate: String, key: String)?
  /// CORS_ORIGINS: in lower case; `*` alone is any.
  var corsOrigins: [String] = []
  /// MAX_REQUEST_BYTES
  var requestBytesMax = 8 << 20
  /// IDLE_TIMEOUT: how long a client's connection may stand idle.
  var idleTimeout = Duration.seconds(75)
  /// DRAIN_TIMEOUT: how long requests may go on after a shutdown was asked for.
  var drainTimeout = Duration.seconds(30)
  /// SSE_KEEPALIVE: after so long a silence a stream gets a comment.
  var streamKeepAlive = Duration.seconds(15)

  /// DEBUG
  var isDebug = false
  /// LOG_LEVEL
  var logLevel = Logger.Level.info
  /// LOG_FORMAT
  var logFormat = LogFormat.json
  /// LOG_CONTENT: whether message content may stand in the log.
  var logsContent = false
  /// METRICS_OPEN: whether `/metrics` needs no token.
  var isMetricsOpen = false

  /// LLM_PROXY_URL, without a slash at its end; with or without `/v1`.
  var proxyURL: String?
  /// LLM_PROXY_TOKEN: visible ASCII.
  var proxyToken: Secret?
  /// DEFAULT_LLM_CONFIG_ID
  var defaultModelID = "default"
  /// OPENAI_API_KEY: visible ASCII.
  var openAIKey: Secret?
  /// OPENAI_BASE_URL, without a slash at its end.
  var openAIBaseURL = "https://api.openai.com/v1"
  /// OPENAI_MODEL
  var openAIModel = "gpt-4o-mini"
  /// MODELS_FILE: the YAML file of the model configurations.
  var modelsFile: String?
  /// TOOLSETS_FILE: the YAML file of the toolsets.
  var toolsetsFile: String?
  /// LLM_REQUEST_TIMEOUT: to the model's first byte, and between bytes.
  var modelTimeout = Duration.seconds(60)

  /// AGENT_EXECUTION_TIMEOUT
  var executionTimeout = Duration.seconds(300)
  /// MAX_CONCURRENT_AGENTS
  var concurrentRunsMax = 100
  /// MAX_MESSAGE_LENGTH, in Unicode scalars.
  var messageLengthMax = 32_000
  /// MAX_CONVERSATION_HISTORY, in messages.
  var conversationHistoryMax = 100

  /// CODE_EXECUTION: whether user code may run at all.
  var runsCode = true
  /// SANDBOX_PYTHON: the Python that runs user code; nil looks for the system's.
  var sandboxPython: String?
  /// SANDBOX_DENO: the Deno that runs user code; nil looks for one on PATH.
  var sandboxDeno: String?
  /// SANDBOX_PYTHON_IDLE: Python workers that wait.
  var sandboxPythonIdle = 8
  /// SANDBOX_DENO_IDLE: Deno workers that wait.
  var sandboxDenoIdle = 4
  /// SANDBOX_WORKERS_MAX: workers in all.
  var sandboxWorkersMax = 32
  /// SANDBOX_REFILL_CPU: processor time for preparing workers, in per cent of one core.
  var sandboxRefillCPU = 50
  /// SANDBOX_MODEL_CALLS_MAX: calls of the model that code may make in one run.
  var codeModelCallsMax = 20
  /// SANDBOX_MODEL_TOKENS_MAX: tokens after which code gets no further call of the model in a run.
  var codeModelTokensMax = 100_000

  /// CODE_PACKAGE_INDEX: where packages for user code come from; nil installs none.
  var packageIndex: PackageIndex?
  /// CODE_REPOSITORY_HOSTS: where repositories of user code may be.
  var repositoryHosts: [CodeHost] = []
  /// CODE_PIP: a Python that has pip, where the one that runs user code has none.
  var pipPython: String?
  /// CODE_LAYERS_PATH: the directory of what is installed; nil is `layers` beside the database.
  var layersPath: String?
  /// CODE_LAYER_MAX_MB: MiB of what one agent's code may install.
  var layerMaxMB = 256
  /// CODE_LAYERS_MAX_MB: MiB of all that is installed.
  var layersMaxMB = 2048

  /// RATE_LIMIT_PER_TOKEN: requests of each token; nil is no limit.
  var tokenRateLimit: RateLimit?
  /// RATE_LIMIT_PER_IP: requests of each client address; nil is no limit.
  var addressRateLimit: RateLimit?

  /// The file that DATABASE_URL names.
  var databasePath = "data/apus.sqlite"
  /// SQLITE_SYNCHRONOUS
  var synchronous = SQLiteStore.Synchronous.full
  /// RUN_RETENTION; nil keeps runs for ever.
  var runRetention: Duration? = .seconds(30 * 86_400)
  /// THREAD_RETENTION; nil keeps threads for ever.
  var threadRetention: Duration?

  /// For the log at start: what is accepted, but has no effect or is unwise.
  var warnings: [String] = []

  /// Every setting at its default, and no token.
  init() {}
}
