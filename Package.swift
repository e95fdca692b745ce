// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("ImmutableWeakCaptures"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .treatWarning("StrictLanguageFeatures", as: .error),
]
let strictLibrary = strict + [.treatWarning("ExplicitSendable", as: .error)]

// A package is fetched where a trait wants it, and only if every use of it names one: no product without `only`.
let runtime: TargetDependencyCondition? = .when(traits: ["Runtime"])
let sqlite: TargetDependencyCondition? = .when(traits: ["SQLite"])
let server: TargetDependencyCondition? = .when(traits: ["Server"])

func product(_ name: String, _ package: String, only condition: TargetDependencyCondition?) -> Target.Dependency {
  .product(name: name, package: package, condition: condition)
}
func nio(_ name: String) -> Target.Dependency { product(name, "swift-nio", only: server) }
let log = product("Logging", "swift-log", only: runtime)
let metrics = product("Metrics", "swift-metrics", only: runtime)
let grdb = product("GRDB", "GRDB.swift", only: sqlite)
let lifecycle = product("ServiceLifecycle", "swift-service-lifecycle", only: server)
let httpClient = product("AsyncHTTPClient", "async-http-client", only: server)
let hummingbirdCore = product("HummingbirdCore", "hummingbird", only: server)
let subprocess = product("Subprocess", "swift-subprocess", only: server)
let httpTypes = product("HTTPTypes", "swift-http-types", only: server)

let package = Package(
  name: "apus",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "AgentJSON", targets: ["AgentJSON"]),
    .library(name: "AgentGraph", targets: ["AgentGraph"]),
    .library(name: "AgentRuntime", targets: ["AgentRuntime"]),
    .library(name: "AgentTesting", targets: ["AgentTesting"]),
    .library(name: "AgentSQLite", targets: ["AgentSQLite"]),
    .executable(name: "apus", targets: ["apus"]),
    .executable(name: "apus-sandbox", targets: ["apus-sandbox"]),
  ],
  traits: [
    .trait(name: "Runtime", description: "AgentRuntime and AgentTesting: fetches swift-log and swift-metrics."),
    .trait(name: "SQLite", description: "AgentSQLite: fetches GRDB.", enabledTraits: ["Runtime"]),
    .trait(name: "Server", description: "apus: fetches the HTTP stack.", enabledTraits: ["Runtime", "SQLite"]),
    .default(enabledTraits: ["Runtime", "SQLite", "Server"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0"),
    .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2", traits: []),
  ],
  targets: [
    .target(name: "AgentJSON", swiftSettings: strictLibrary),
    .target(name: "AgentGraph", dependencies: ["AgentJSON"], swiftSettings: strictLibrary),
    .target(
      name: "AgentRuntime", dependencies: ["AgentGraph", "AgentJSON", log, metrics], swiftSettings: strictLibrary),
    .target(
      name: "AgentHTTP", dependencies: [httpClient, nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1")],
      swiftSettings: strictLibrary),
    .target(
      name: "AgentLLM", dependencies: ["AgentHTTP", "AgentJSON", "AgentRuntime", nio("NIOCore")],
      swiftSettings: strictLibrary),
    .target(
      name: "AgentTools", dependencies: ["AgentHTTP", "AgentJSON", "AgentRuntime"], swiftSettings: strictLibrary),
    .target(
      name: "AgentMCP", dependencies: ["AgentHTTP", "AgentJSON", "AgentRuntime", log, nio("NIOCore"), subprocess],
      swiftSettings: strictLibrary),
    .target(name: "CSandboxSocket"),
    .target(
      name: "AgentSandbox", dependencies: ["AgentJSON", "AgentRuntime", "CSandboxSocket", log, subprocess],
      exclude: ["Bootstrap"], swiftSettings: strictLibrary),
    .target(name: "AgentTelemetry", dependencies: ["AgentJSON", log, metrics], swiftSettings: strictLibrary),
    .target(
      name: "AgentSQLite",
      dependencies: ["AgentGraph", "AgentJSON", "AgentRuntime", log, grdb],
      swiftSettings: strictLibrary),
    .target(
      name: "AgentServer",
      dependencies: [
        "AgentJSON", "AgentRuntime", httpTypes, hummingbirdCore, lifecycle, log, metrics, nio("NIOCore"),
        nio("NIOHTTP1"),
        product("HummingbirdTLS", "hummingbird", only: server),
        product("NIOSSL", "swift-nio-ssl", only: server),
        product("NIOHTTPTypes", "swift-nio-extras", only: server),
        product("NIOHTTPTypesHTTP1", "swift-nio-extras", only: server),
      ],
      swiftSettings: strictLibrary),
    .target(
      name: "AgentTesting", dependencies: ["AgentGraph", "AgentJSON", "AgentRuntime"], swiftSettings: strictLibrary),
    .executableTarget(
      name: "apus",
      dependencies: [
        "AgentHTTP", "AgentJSON", "AgentLLM", "AgentMCP", "AgentRuntime", "AgentSandbox", "AgentServer", "AgentSQLite",
        "AgentTelemetry", "AgentTools", lifecycle, log, metrics, nio("NIOCore"), nio("NIOPosix"),
        product("UnixSignals", "swift-service-lifecycle", only: server),
        product("ArgumentParser", "swift-argument-parser", only: server),
        product("Configuration", "swift-configuration", only: server),
        product("Yams", "Yams", only: server),
      ],
      swiftSettings: strict),
    .executableTarget(name: "apus-sandbox"),
    .executableTarget(
      name: "bench-passthrough",
      dependencies: [
        httpClient, httpTypes, hummingbirdCore, log, nio("NIOCore"), nio("NIOPosix"),
        product("Hummingbird", "hummingbird", only: server),
      ],
      path: "Benchmarks/PassThrough", swiftSettings: [.swiftLanguageMode(.v6)]),
    .executableTarget(
      name: "bench-engine", dependencies: ["AgentGraph", "AgentJSON", "AgentSQLite", grdb],
      path: "Benchmarks/Engine/Swift", swiftSettings: strict),
    .executableTarget(
      name: "bench-sandbox", dependencies: ["AgentJSON", "AgentRuntime", "AgentSandbox", log],
      path: "Benchmarks/sandbox/Swift", swiftSettings: strict),

    .testTarget(
      name: "AgentJSONTests", dependencies: ["AgentJSON"], exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "AgentGraphTests", dependencies: ["AgentGraph", "AgentJSON", "AgentTesting"], swiftSettings: strict),
    .testTarget(
      name: "AgentRuntimeTests", dependencies: ["AgentGraph", "AgentJSON", "AgentRuntime", "AgentTesting", log],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "AgentLLMTests",
      dependencies: [
        "AgentHTTP", "AgentJSON", "AgentLLM", "AgentRuntime", "AgentTesting", nio("NIOCore"), nio("NIOPosix"),
        nio("NIOHTTP1"),
      ],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "AgentMCPTests",
      dependencies: ["AgentHTTP", "AgentJSON", "AgentMCP", "AgentRuntime", log, nio("NIOPosix"), subprocess],
      swiftSettings: strict),
    .testTarget(
      name: "AgentSandboxTests",
      dependencies: ["AgentJSON", "AgentRuntime", "AgentSandbox", "AgentTesting", "CSandboxSocket", log],
      swiftSettings: strict),
    .testTarget(
      name: "AgentSQLiteTests",
      dependencies: [
        "AgentGraph", "AgentJSON", "AgentRuntime", "AgentSQLite", "AgentTesting", log,
        grdb,
      ], exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "AgentToolsTests",
      dependencies: [
        "AgentHTTP", "AgentJSON", "AgentRuntime", "AgentTools", nio("NIOCore"), nio("NIOPosix"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "AgentTelemetryTests", dependencies: ["AgentJSON", "AgentTelemetry", log, metrics], swiftSettings: strict),
    .testTarget(
      name: "AgentServerTests",
      dependencies: [
        "AgentJSON", "AgentRuntime", "AgentServer", "AgentTesting", lifecycle, log, nio("NIOCore"), nio("NIOPosix"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ApusTests",
      dependencies: [
        "AgentHTTP", "AgentJSON", "AgentLLM", "AgentRuntime", "AgentSQLite", "AgentSandbox", "apus", log,
        nio("NIOCore"), nio("NIOPosix"), product("UnixSignals", "swift-service-lifecycle", only: server),
      ],
      swiftSettings: strict),
  ]
)

// The engine alone, for builds in which the rest would only take time (scripts/test-threads.sh, scripts/soak.sh).
if Context.environment["APUS_ENGINE_ONLY"] == "1" {
  let engine: Set = ["AgentJSON", "AgentGraph", "AgentRuntime", "AgentTesting", "AgentGraphTests"]
  package.targets.removeAll { !engine.contains($0.name) }
  package.products.removeAll { !engine.contains($0.name) }
  package.dependencies.removeAll { dependency in
    guard case .sourceControl(_, let location, _) = dependency.kind else { return false }
    return !location.hasSuffix("/swift-log.git") && !location.hasSuffix("/swift-metrics.git")
  }
}
