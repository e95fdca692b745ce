// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "HumanApproval",
  platforms: [.macOS(.v26)],
  // The trait brings AgentSQLite, and with it GRDB, swift-log and swift-metrics.
  dependencies: [.package(name: "apus", path: "../..", traits: ["SQLite"])],
  targets: [
    .executableTarget(
      name: "HumanApproval",
      dependencies: [
        .product(name: "AgentGraph", package: "apus"),
        .product(name: "AgentSQLite", package: "apus"),
      ])
  ]
)
