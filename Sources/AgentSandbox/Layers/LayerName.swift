import AgentRuntime

extension CodeLayerRequest {
  /// What the layer is made of, a line each. Equal texts have one layer; what cannot change it is not in it.
  func lines(index: PackageIndex?) -> [String] {
    var lines = ["layer 1"]
    if !requirements.isEmpty {
      lines.append("\(language.rawValue) \(interpreterMinor) \(Self.machine)")
      if let index { lines.append("index \(index.url)") }
      lines += requirements.map { "package \($0)" }
    }
    if let repository { lines.append("repository \(repository.url) \(repository.commit)") }
    return lines
  }

  /// The name of the layer's directory.
  func name(index: PackageIndex?) -> String {
    SHA256.hex(Array(lines(index: index).joined(separator: "\n").utf8))
  }

  /// `3.11` of `3.11.2`: compiled modules work with every patch of it.
  var interpreterMinor: String { interpreter.split(separator: ".").prefix(2).joined(separator: ".") }

  private static var machine: String {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "arm64"
    #else
      "other"
    #endif
  }
}
