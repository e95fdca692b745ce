import AgentJSON
import AgentRuntime
import AgentSandbox

/// What is measured: the one place that names the sandbox's implementation and not its contract.
struct BenchTarget {
  private static let fullMax = Duration.seconds(30)

  let sandbox: any Sandbox

  init(_ sandbox: SupervisedSandbox) { self.sandbox = sandbox }

  /// What isolates, what enforces which limit, and the interpreters' versions.
  func described() async throws -> JSONObject {
    try await waitUntilFull()
    let status = sandbox.status
    let limits = status.enforcement.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
    let versions = status.languages.map { ($0.key.rawValue, JSONValue.string($0.value.versions.first ?? "")) }
    return [
      "isolation": status.isolation.map { .string($0) } ?? .null, "limits": .object(JSONObject(limits)),
      "versions": .object(JSONObject(versions)),
    ]
  }

  /// Returns when as many workers wait as should. Throws `BenchFailure` if that does not come about.
  func waitUntilFull() async throws {
    let began = ContinuousClock.now
    while !isFull {
      guard ContinuousClock.now - began < Self.fullMax else {
        throw BenchFailure("the sandbox does not become ready: \(sandbox.status)")
      }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  private var isFull: Bool {
    let status = sandbox.status
    return status.canRun
      && status.languages.values.allSatisfy { $0.refusal == nil && $0.busy == 0 && $0.idle >= $0.target }
  }
}
