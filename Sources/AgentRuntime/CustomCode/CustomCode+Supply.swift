import AgentJSON

extension CustomCode {
  /// The newest installed version that the settings allow.
  func interpreter(_ status: SandboxStatus) -> String {
    let (wanted, versions) = (settings.runtime.version, status.languages[language]?.versions ?? [])
    return versions.first { wanted.isEmpty || Self.isVersion($0, of: wanted) } ?? ""
  }

  /// Whether a version begins with what is asked for: `3.11.2` with `3.11`, and not with `3.1`.
  static func isVersion(_ version: String, of wanted: String) -> Bool {
    version == wanted || version.hasPrefix(wanted + ".")
  }

  /// The source code: the settings' own, a repository's file, or a line that imports a package's function.
  func source(_ plan: CodePlan, _ layer: SandboxLayer, _ supply: any CodeSupply) async throws -> String {
    if let package = plan.package { return "from \(package.module) import \(settings.codeSource.entryPoint)\n" }
    if plan.reference != nil { return try await supply.source(plan.file, in: layer) }
    return settings.codeSource.content
  }

  /// Whether a package has the module, and the module the function: found by importing it, in the sandbox.
  func probe(_ package: CodePackage, _ layer: SandboxLayer, _ sandbox: any Sandbox) async throws -> String? {
    var program = program(Self.probeSource, layer: layer)
    program.entryPoint = "probe"
    let entryPoint = settings.codeSource.entryPoint
    let input: JSONObject = ["module": .string(package.module), "name": .string(entryPoint)]
    let report = try await sandbox.run(
      SandboxCall(program, input: .object(input), limits: limits), host: SilentHost())
    switch report.outcome {
    case .value(.null): return nil
    case .value(let problem): return problem.stringValue ?? "the module \(package.module) cannot be used"
    case .exception(let exception):
      return "the module \(package.module) cannot be imported: \(exception.summary)"
    case .timeout: return "importing \(package.module) takes longer than runtime.timeout allows"
    case .memoryLimit: return "importing \(package.module) takes more memory than runtime.memoryLimit allows"
    case .outputLimit, .resultTooLarge: return "importing \(package.module) prints more than it may"
    case .crashed(let how): return "importing \(package.module) ended the interpreter: \(how)"
    }
  }

  /// Returns what is wrong, in words; null where nothing is.
  private static let probeSource = """
    import importlib
    import pkgutil

    def probe(input):
        name, function = input["module"], input["name"]
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not (name + ".").startswith(error.name + "."):
                raise
            found = sorted(each.name for each in pkgutil.iter_modules(["/layer"]))[:20]
            return f"there is no module {name}; installed are: " + ", ".join(found)
        if callable(getattr(module, function, None)):
            return None
        found = [each for each in dir(module) if not each.startswith("_") and callable(getattr(module, each, None))]
        return f"the module {name} has no function {function}; it has: " + (", ".join(found[:20]) or "none")
    """
}

/// For programs that ask for nothing.
private struct SilentHost: SandboxHost {
  func take(_ text: String) async throws {}

  func callModel(messages: [JSONValue], options: JSONObject) async throws -> JSONObject {
    throw SandboxRefusal("There is no model here.")
  }
}
