import AgentRuntime
import Synchronization

/// Gets nothing: says what a test wants it to say, and keeps what it was asked.
final class FakeSupply: CodeSupply {
  typealias Work = @Sendable (CodeLayerRequest) async throws -> SandboxLayer

  let policy: CodeSupplyPolicy
  private let files: [String: String]
  private let work: Work
  private let asked = Mutex<[CodeLayerRequest]>([])

  init(
    hasIndex: Bool = true, hosts: [String] = ["git.example.com"], files: [String: String] = [:],
    _ work: @escaping Work = { _ in SandboxLayer(path: "/layers/one") }
  ) {
    policy = CodeSupplyPolicy(hasIndex: hasIndex, hosts: hosts.compactMap { CodeHost($0) })
    self.files = files
    self.work = work
  }

  /// A supply that always refuses so.
  convenience init(refusing first: CodeRefused.Reason, _ rest: CodeRefused.Reason...) {
    self.init { _ in throw CodeRefused([first] + rest) }
  }

  var requests: [CodeLayerRequest] { asked.withLock { $0 } }

  func layer(_ request: CodeLayerRequest) async throws -> SandboxLayer {
    asked.withLock { $0.append(request) }
    return try await work(request)
  }

  func source(_ file: String, in layer: SandboxLayer) async throws -> String {
    guard let text = files[file] else {
      throw CodeRefused([.init(.repository, type: "not_found", "the file '\(file)' is not in that commit")])
    }
    return text
  }
}
