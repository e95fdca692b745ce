public import AgentRuntime
public import Logging
import Synchronization

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

/// Installed packages and fetched repositories for user code, each kept once, in a directory of the host.
///
/// A layer is built in isolation, comes into being whole, and is never changed. Those that were not used for longest
/// are removed when there is no room; never one that a call uses.
public final class LayerStore: CodeSupply {
  /// Where layers are, and what they are made from.
  public struct Configuration: Sendable {
    /// The directory of layers; an absolute path. It is made if need be.
    public var folder: String
    /// The supervisor's executable, which isolates builds; nil where it is missing.
    public var supervisor: String?
    /// Pythons that may have pip, the preferred one first.
    public var pythons: [String]
    /// Where packages come from; nil installs none.
    public var index: PackageIndex?
    /// The hosts that repositories may come from.
    public var hosts: [CodeHost]
    /// MiB of one layer.
    public var layerMaxMB = 256
    /// MiB of all layers.
    public var totalMaxMB = 2048
    /// How long one build may take.
    public var timeLimit = Duration.seconds(120)
    /// Builds at once.
    public var buildsMax = 2
    /// Builds under way or queued.
    public var queueMax = 64

    /// Nothing may be had until an index or hosts are named.
    public init(
      folder: String, supervisor: String?, pythons: [String], index: PackageIndex? = nil, hosts: [CodeHost] = []
    ) {
      self.folder = folder
      self.supervisor = supervisor
      self.pythons = pythons
      self.index = index
      self.hosts = hosts
    }

    var policy: CodeSupplyPolicy { CodeSupplyPolicy(hasIndex: index != nil, hosts: hosts) }
  }

  private typealias Waiter = CheckedContinuation<Result<SandboxLayer, any Error>, Never>

  private struct State {
    var builds: LayerBuildsStateMachine
    var requests: [String: CodeLayerRequest] = [:]
    var tasks: [String: Task<Void, Never>] = [:]
    var waiters: [Int: Waiter] = [:]
    var nextWaiter = 0
    var known: [String: Known] = [:]
  }

  /// A layer that somebody may still hold.
  private struct Known {
    weak var hold: LayerHold?
    let files: String
  }

  let configuration: Configuration
  private let folder: LayerFolder
  private let log: Logger
  private let state: Mutex<State>

  /// Makes a store; nothing is read or written yet.
  public init(_ configuration: Configuration, log: Logger = Logger(label: "apus.layers")) {
    var configuration = configuration
    // As the supervisor wants paths.
    configuration.folder = FilePath(configuration.folder).lexicallyNormalized().string
    self.configuration = configuration
    self.log = log
    folder = LayerFolder(path: configuration.folder)
    state = Mutex(
      State(
        builds: LayerBuildsStateMachine(runningMax: configuration.buildsMax, buildsMax: configuration.queueMax)))
  }

  /// How many wait for builds.
  var waitersCount: Int { state.withLock { $0.waiters.count } }

  /// Whether nothing is being built.
  var isIdle: Bool { state.withLock { $0.tasks.isEmpty } }

  /// What may be asked for.
  public var policy: CodeSupplyPolicy { configuration.policy }

  /// Removes what an earlier process left half made. Called once, at the start.
  public func removeLeftovers() async {
    let folder = folder
    try? await onDisk { folder.removeLeftovers() }
  }

  /// Installs what is asked for, or finds it installed. Throws as `CodeSupply` says.
  public func layer(_ request: CodeLayerRequest) async throws -> SandboxLayer {
    let name = request.name(index: configuration.index)
    if let layer = try await found(name) { return layer }
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { wait(id, for: name, request, $0) }
    } onCancel: {
      leave(id, name)
    }
    try Task.checkCancellation()
    return try result.get()
  }

  /// The text of a file in a layer. Throws as `CodeSupply` says.
  public func source(_ file: String, in layer: SandboxLayer) async throws -> String {
    try await onDisk { try LayerContents.text(of: file, in: layer.path) }
  }

  private func found(_ name: String) async throws -> SandboxLayer? {
    let folder = folder
    if let known = state.withLock({ $0.known[name] }), let hold = known.hold {
      return try await onDisk { folder.touch(name) } ? SandboxLayer(path: known.files, hold: hold) : nil
    }
    return try await onDisk { folder.hold(name) }.map { share($0, name) }
  }

  /// Calls that follow share the hold while it lives.
  private func share(_ held: LayerFolder.Held, _ name: String) -> SandboxLayer {
    state.withLock { state in
      state.known = state.known.filter { $0.value.hold != nil }
      state.known[name] = Known(hold: held.hold, files: held.files)
    }
    return SandboxLayer(path: held.files, hold: held.hold)
  }
}

// MARK: - Builds

extension LayerStore {
  private func wait(_ id: Int, for name: String, _ request: CodeLayerRequest, _ waiter: Waiter) {
    let refusal = state.withLock { state -> (any Error)? in
      if Task.isCancelled { return CancellationError() }
      switch state.builds.enter(id, name) {
      case .refuse: return CodeSupplyUnavailable("\(configuration.queueMax) builds wait already")
      case .start: start(name, request, &state)
      case .wait: break
      }
      state.requests[name] = request
      state.waiters[id] = waiter
      return nil
    }
    if let refusal { waiter.resume(returning: .failure(refusal)) }
  }

  private func leave(_ id: Int, _ name: String) {
    let waiter = state.withLock { state in
      if state.builds.leave(id, name) { state.tasks[name]?.cancel() }
      if !state.builds.contains(name) { state.requests[name] = nil }
      return state.waiters.removeValue(forKey: id)
    }
    waiter?.resume(returning: .failure(CancellationError()))
  }

  private func start(_ name: String, _ request: CodeLayerRequest, _ state: inout State) {
    let build = LayerBuild(request: request, name: name, configuration: configuration)
    // It belongs to all who wait for it, and none of them may take it along: it is cancelled when the last has left.
    state.tasks[name] = Task { await self.run(build) }
  }

  private func run(_ build: LayerBuild) async {
    let start = ContinuousClock.now
    let result: Result<SandboxLayer, any Error>
    do {
      let built = try await build.run()
      result = .success(share(built.layer, build.name))
      if built.bytes > 0 { note(build, built, ContinuousClock.now - start) }
    } catch {
      result = .failure(error)
      note(build, error)
    }
    let waiters = state.withLock { state in
      state.tasks[build.name] = nil
      let ending = state.builds.ended(build.name)
      if !state.builds.contains(build.name) { state.requests[build.name] = nil }
      let waiters = ending.served.compactMap { state.waiters.removeValue(forKey: $0) }
      for name in ending.starts {
        if let request = state.requests[name] { self.start(name, request, &state) }
      }
      return waiters
    }
    for waiter in waiters { waiter.resume(returning: result) }
  }

  /// What only the author of the code can mend is told to the author.
  private func note(_ build: LayerBuild, _ error: any Error) {
    if error is CancellationError { return }
    log.log(
      level: error is CodeRefused ? .debug : .warning, "a layer could not be built",
      metadata: ["layer": "\(build.name)", "reason": "\(error)"])
  }

  private func note(_ build: LayerBuild, _ built: LayerBuild.Result, _ duration: Duration) {
    log.info(
      "a layer was built",
      metadata: [
        "layer": "\(build.name)", "mb": "\(built.bytes >> 20)", "duration_ms": "\(Int(duration / .milliseconds(1)))",
        "removed": "\(built.removed.count)",
      ])
  }
}
