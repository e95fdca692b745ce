import AgentRuntime
import FoundationEssentials

/// One build of one layer.
struct LayerBuild: Sendable {
  let request: CodeLayerRequest
  let name: String
  let configuration: LayerStore.Configuration

  private var folder: LayerFolder { LayerFolder(path: configuration.folder) }

  /// What came of a build.
  struct Result: Sendable {
    var layer: LayerFolder.Held
    var bytes: Int
    /// Layers that had to go.
    var removed: [String]
  }

  /// Builds the layer, or finds that somebody else has. Throws `CodeRefused`, `CodeSupplyUnavailable`, or
  /// `CancellationError`; nothing of it is left then.
  func run() async throws -> Result {
    do {
      if let held = try await onDisk({ folder.hold(name) }) { return Result(layer: held, bytes: 0, removed: []) }
      let building = try await onDisk { try folder.makeBuilding() }
      defer { withExtendedLifetime(building.hold) {} }
      do {
        return try await run(in: building.path)
      } catch {
        try await onDisk { folder.discard(building.path) }
        throw error
      }
    } catch let error where error is CodeRefused || error is CodeSupplyUnavailable || error is CancellationError {
      throw error
    } catch {
      throw CodeSupplyUnavailable("the layer cannot be stored: \(error)")
    }
  }

  private func run(in building: String) async throws -> Result {
    let deadline = ContinuousClock.now + configuration.timeLimit
    // Archives lie beside what they are unpacked to.
    let limits = Confinement.Limits(deadline: deadline, diskMB: 2 * configuration.layerMaxMB)
    guard let supervisor = configuration.supervisor else {
      throw CodeSupplyUnavailable("the program apus-sandbox is not beside apus; install both")
    }
    let confinement = Confinement(supervisor: supervisor)
    var (repository, packages): (String?, String?) = (nil, nil)
    if let wanted = request.repository {
      let out = try await makeFolder("repository", in: building)
      try await GitFetch(confinement: confinement, layerMaxMB: configuration.layerMaxMB).run(wanted, out: out, limits)
      repository = out
    }
    if !request.requirements.isEmpty {
      let out = try await makeFolder("packages", in: building)
      try await install(confinement, building, out, limits)
      packages = out
    }
    return try await onDisk { [repository, packages] in try finish(building, repository, packages) }
  }

  private func install(
    _ confinement: Confinement, _ building: String, _ out: String, _ limits: Confinement.Limits
  ) async throws {
    guard let index = configuration.index else {
      throw CodeSupplyUnavailable(configuration.policy.packagesOff ?? "there is no index")
    }
    let python = try await PipPython.find(configuration.pythons, minor: request.interpreterMinor)
    let input = try await makeFolder("input", in: building)
    try await PipInstall(
      index: index, python: python, confinement: confinement, layerMaxMB: configuration.layerMaxMB
    ).run(request.requirements, out: out, input: input, limits)
    try await onDisk { folder.discard(input) }
  }

  private func makeFolder(_ name: String, in building: String) async throws -> String {
    try await onDisk {
      let path = "\(building)/\(name)"
      do {
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
      } catch {
        throw LayerDiskError("\(path) cannot be made: \(error)")
      }
      return path
    }
  }

  /// Puts the parts together, makes room, and makes it the layer. Blocks.
  private func finish(_ building: String, _ repository: String?, _ packages: String?) throws -> Result {
    let files = folder.files(in: building)
    try LayerContents.merge(repository: repository, packages: packages, into: files)
    let bytes = try LayerContents.settle(files)
    guard bytes <= configuration.layerMaxMB << 20 else {
      let size = "\((bytes + 1 << 20 - 1) >> 20) MB"
      throw CodeRefused([
        .init(
          .whole, type: "too_large",
          "installed it takes \(size); CODE_LAYER_MAX_MB allows \(configuration.layerMaxMB) MB")
      ])
    }
    let room = folder.makeRoom(for: bytes, totalMax: configuration.totalMaxMB << 20)
    guard room.isEnough else {
      throw CodeSupplyUnavailable("running calls use all of CODE_LAYERS_MAX_MB (\(configuration.totalMaxMB) MB)")
    }
    try folder.publish(building, as: name, request: request.lines(index: configuration.index), bytes: bytes)
    guard let held = folder.hold(name) else { throw LayerDiskError("\(folder.path)/\(name) is gone again") }
    return Result(layer: held, bytes: bytes, removed: room.removed)
  }
}
