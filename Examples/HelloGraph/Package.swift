// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "HelloGraph",
  platforms: [.macOS(.v26)],
  // Without traits nothing but this checkout is needed: no other package is fetched.
  dependencies: [.package(name: "apus", path: "../..", traits: [])],
  targets: [
    .executableTarget(
      name: "HelloGraph",
      dependencies: [.product(name: "AgentGraph", package: "apus")])
  ]
)
