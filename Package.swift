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

func nio(_ name: String) -> Target.Dependency { .product(name: name, package: "swift-nio") }
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")

let package = Package(
  name: "apus",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "AgentJSON", targets: ["AgentJSON"]),
    .library(name: "AgentRuntime", targets: ["AgentRuntime"]),
    .library(name: "AgentTesting", targets: ["AgentTesting"]),
    .executable(name: "apus", targets: ["apus"]),
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
    .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
  ],
  targets: [
    .target(name: "AgentJSON", swiftSettings: strictLibrary),
    .target(name: "AgentRuntime", dependencies: ["AgentJSON", log, metrics], swiftSettings: strictLibrary),
    .target(
      name: "AgentHTTP", dependencies: [httpClient, nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1")],
      swiftSettings: strictLibrary),
    .target(
      name: "AgentLLM", dependencies: ["AgentHTTP", "AgentJSON", "AgentRuntime", nio("NIOCore")],
      swiftSettings: strictLibrary),
    .target(name: "AgentTelemetry", dependencies: ["AgentJSON", log, metrics], swiftSettings: strictLibrary),
    .target(
      name: "AgentSQLite",
      dependencies: ["AgentJSON", "AgentRuntime", log, .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: strictLibrary),
    .target(
      name: "AgentServer",
      dependencies: [
        "AgentJSON", "AgentRuntime", httpTypes, hummingbirdCore, lifecycle, log, metrics, nio("NIOCore"),
        nio("NIOHTTP1"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
      ],
      swiftSettings: strictLibrary),
    .target(name: "AgentTesting", dependencies: ["AgentJSON", "AgentRuntime"], swiftSettings: strictLibrary),
    .executableTarget(
      name: "apus",
      dependencies: [
        "AgentHTTP", "AgentJSON", "AgentLLM", "AgentRuntime", "AgentServer", "AgentSQLite", "AgentTelemetry",
        lifecycle, log, metrics, nio("NIOCore"), nio("NIOPosix"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Configuration", package: "swift-configuration"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "bench-passthrough",
      dependencies: [
        httpClient, httpTypes, hummingbirdCore, log, nio("NIOCore"), nio("NIOPosix"),
        .product(name: "Hummingbird", package: "hummingbird"),
      ],
      path: "Benchmarks/PassThrough", swiftSettings: [.swiftLanguageMode(.v6)]),

    .testTarget(
      name: "AgentJSONTests", dependencies: ["AgentJSON"], exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "AgentRuntimeTests", dependencies: ["AgentJSON", "AgentRuntime", "AgentTesting", log],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "AgentLLMTests",
      dependencies: [
        "AgentHTTP", "AgentJSON", "AgentLLM", "AgentRuntime", nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"),
      ],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "AgentSQLiteTests",
      dependencies: [
        "AgentJSON", "AgentRuntime", "AgentSQLite", "AgentTesting", log, .product(name: "GRDB", package: "GRDB.swift"),
      ], swiftSettings: strict),
    .testTarget(
      name: "AgentTelemetryTests", dependencies: ["AgentJSON", "AgentTelemetry", log, metrics], swiftSettings: strict),
    .testTarget(
      name: "AgentServerTests",
      dependencies: ["AgentJSON", "AgentRuntime", "AgentServer", "AgentTesting", lifecycle, log, nio("NIOPosix")],
      swiftSettings: strict),
    .testTarget(
      name: "ApusTests",
      dependencies: [
        "AgentHTTP", "AgentJSON", "AgentLLM", "AgentSQLite", "apus", log, nio("NIOCore"), nio("NIOPosix"),
      ],
      swiftSettings: strict),
  ]
)
