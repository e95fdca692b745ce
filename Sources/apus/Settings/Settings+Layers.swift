import AgentRuntime
import AgentSandbox
import FoundationEssentials
import Logging

extension Settings {
  /// Where user code may come from beside its own text, and what that may take.
  mutating func readLayers(_ reader: inout SettingsReader) {
    packageIndex = reader.packageIndex(CodeSupplyPolicy.indexSetting)
    repositoryHosts = reader.codeHosts(CodeSupplyPolicy.hostsSetting)
    pipPython = reader.file("CODE_PIP", allowed: "the path of a Python that has pip")
    layersPath = reader.text("CODE_LAYERS_PATH") ?? layersPath
    layerMaxMB = reader.integer("CODE_LAYER_MAX_MB", or: layerMaxMB, in: 1...1 << 20)
    layersMaxMB = reader.integer("CODE_LAYERS_MAX_MB", or: layersMaxMB, in: 1...1 << 20)
    if layerMaxMB > layersMaxMB {
      reader.fault(
        "CODE_LAYER_MAX_MB", "is \(layerMaxMB), more than CODE_LAYERS_MAX_MB (\(layersMaxMB))",
        allowed: "at most CODE_LAYERS_MAX_MB")
    }
  }

  /// What gets packages and repositories; nil where neither is configured.
  func layers(logger: Logger) -> LayerStore? {
    guard packageIndex != nil || !repositoryHosts.isEmpty else { return nil }
    let beside = databasePath.lastIndex(of: "/").map { String(databasePath[...$0]) } ?? ""
    let path = layersPath ?? beside + "layers"
    let folder = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    var configuration = LayerStore.Configuration(
      folder: folder, supervisor: Self.supervisor, pythons: [pipPython, pythonPath].compactMap { $0 },
      index: packageIndex, hosts: repositoryHosts)
    configuration.layerMaxMB = layerMaxMB
    configuration.totalMaxMB = layersMaxMB
    return LayerStore(configuration, log: logger)
  }
}

extension SettingsReader {
  /// The URL of an index, which may hold a user and a password.
  mutating func packageIndex(_ name: String) -> PackageIndex? {
    let allowed = "https://[user:password@]host[:port][/path], or http:// for an index without TLS"
    let index = value(name, or: nil as PackageIndex?, allowed: allowed) { text throws(Problem) in
      let scheme = text.prefix { $0 != ":" }
      let authority = text.dropFirst(scheme.count + 3).prefix { !"/?#".contains($0) }
      guard text.dropFirst(scheme.count).hasPrefix("://"), let at = authority.lastIndex(of: "@") else {
        return PackageIndex(url: try WebAddress.baseURL(text))
      }
      let user = String(authority[..<at])
      guard !user.isEmpty, user.isVisibleASCII, !user.contains("@") else {
        throw Problem("has a user or a password with characters that must be written as %40 and the like")
      }
      let rest = text.dropFirst(scheme.count + 3 + user.count + 1)
      return PackageIndex(url: try WebAddress.baseURL("\(scheme)://\(rest)"), user: user)
    }
    if let index, index.isPlain, !index.isLoopback {
      warn("\(name) is not https: whoever is on the way can change what it serves")
    }
    return index
  }

  /// Hosts that code may come from.
  mutating func codeHosts(_ name: String) -> [CodeHost] {
    let allowed = "hosts separated by commas, such as git.example.com,git.example.com:8443,http://localhost:3000"
    return value(name, or: [], allowed: allowed) { text throws(Problem) in
      var hosts: [CodeHost] = []
      for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        guard let host = CodeHost(String(part.trimmed)) else { throw Problem("has a part that is no host") }
        hosts.append(host)
      }
      return hosts
    }
  }
}
