import AgentRuntime
import FoundationEssentials

extension LayerStore {
  /// How one part of it stands.
  public struct Diagnosis: Sendable, Hashable {
    /// What was found.
    public var text: String
    /// What to do about it; nil where all is well.
    public var remedy: String?
  }

  /// Tries what builds take: isolation, pip for code that runs on `interpreter`, git. Nothing is fetched.
  public func diagnose(interpreter: String?) async -> [Diagnosis] {
    do {
      let confinement = try await tryConfinement()
      var found: [Diagnosis] = []
      if let index = configuration.index { found.append(await diagnosePip(index, interpreter)) }
      if !configuration.hosts.isEmpty { found.append(await diagnoseGit(confinement)) }
      return found
    } catch {
      let remedy = "see docs/SANDBOX.md, or unset \(CodeSupplyPolicy.indexSetting) and \(CodeSupplyPolicy.hostsSetting)"
      return [Diagnosis(text: "no packages or repositories: \(error)", remedy: remedy)]
    }
  }

  private func tryConfinement() async throws -> Confinement {
    guard let supervisor = configuration.supervisor else {
      throw CodeSupplyUnavailable("the program apus-sandbox is not beside apus")
    }
    let confinement = Confinement(supervisor: supervisor)
    let end = try await runInConfinement(confinement, "true")
    guard end.cause == .exited(0) else {
      throw CodeSupplyUnavailable("a build does not run in isolation (\(end.cause)): \(end.words.prefix(300))")
    }
    return confinement
  }

  private func runInConfinement(_ confinement: Confinement, _ script: String) async throws -> Confinement.End {
    let folder = LayerFolder(path: configuration.folder)
    let building = try await onDisk { try folder.makeBuilding() }
    defer { withExtendedLifetime(building.hold) {} }
    let limits = Confinement.Limits(deadline: .now + .seconds(10), diskMB: 16)
    do {
      let end = try await confinement.run(["/bin/sh", "-c", script], out: building.path, limits)
      try await onDisk { folder.discard(building.path) }
      return end
    } catch {
      try await onDisk { folder.discard(building.path) }
      throw error
    }
  }

  private func diagnosePip(_ index: PackageIndex, _ interpreter: String?) async -> Diagnosis {
    guard let interpreter else { return Diagnosis(text: "no packages: no Python runs code", remedy: "see above") }
    let minor = interpreter.split(separator: ".").prefix(2).joined(separator: ".")
    do {
      let python = try await PipPython.find(configuration.pythons, minor: minor)
      return Diagnosis(text: "packages of \(index) by pip \(python.pip) of \(python.executable), Python \(minor)")
    } catch {
      return Diagnosis(text: "no packages of \(index)", remedy: "\(error)")
    }
  }

  private func diagnoseGit(_ confinement: Confinement) async -> Diagnosis {
    let hosts = configuration.hosts.map(\.description).joined(separator: ", ")
    let end = try? await runInConfinement(confinement, "command -v git")
    guard end?.cause == .exited(0) else {
      return Diagnosis(text: "no repositories: git is missing", remedy: "install git")
    }
    return Diagnosis(text: "repositories of \(hosts) by git")
  }
}
