/// What an agent's code is made of, as its settings say, and all that is wrong with that.
struct CodePlan: Sendable {
  /// The package that has the entry point; nil for another source.
  private(set) var package: CodePackage?
  /// The repository that has it; nil for another source.
  private(set) var reference: CodeReference?
  /// The dependencies by their places in the settings.
  private(set) var dependencies: [(index: Int, requirement: CodeRequirement)] = []
  /// Every fault that can be found without getting anything.
  private(set) var faults: [Fault] = []

  private static let dependenciesMax = 100

  private let language: SandboxLanguage
  /// Leads to `codeSource`.
  private let path: [Fault.Step]
  private let policy: CodeSupplyPolicy

  /// Reads the settings; `path` leads to the `template_config`.
  init(
    _ source: CustomCodeBot.Settings.CodeSource, _ language: SandboxLanguage, path: [Fault.Step],
    policy: CodeSupplyPolicy
  ) {
    self.language = language
    self.path = path + [.key("codeSource")]
    self.policy = policy
    switch source.type {
    case .inline: break
    case .package: readPackage(source.content)
    case .repository: readRepository(source.content)
    }
    if !source.dependencies.isEmpty { readDependencies(source.dependencies) }
  }

  /// What is to be got; nil where the code is all there is.
  func request(interpreter: String) -> CodeLayerRequest? {
    let requirements = [package?.requirement].compactMap { $0 } + dependencies.map(\.requirement)
    guard !requirements.isEmpty || reference != nil else { return nil }
    return CodeLayerRequest(
      language: language, interpreter: interpreter, requirements: requirements, repository: reference?.repository)
  }

  /// The file of a repository that has the entry point.
  var file: String {
    if let file = reference?.file { return file }
    switch language {
    case .python: return "main.py"
    case .javascript: return "main.js"
    case .typescript: return "main.ts"
    }
  }

  /// Where in the settings a reason belongs.
  func fault(for reason: CodeRefused.Reason) -> Fault {
    var steps: [Fault.Step] = [.key(package == nil && reference == nil ? "dependencies" : "content")]
    if case .requirement(let requirement) = reason.subject,
      let index = dependencies.first(where: { $0.requirement == requirement })?.index
    {
      steps = [.key("dependencies"), .index(index)]
    }
    return Fault(path: path + steps, message: String(reason.message.prefix(2000)), type: reason.type)
  }

  private mutating func note(_ steps: [Fault.Step], _ message: String, _ type: String = "not_allowed") {
    faults.append(Fault(path: path + steps, message: message, type: type))
  }

  private mutating func readPackage(_ content: String) {
    guard language == .python else {
      return note(
        [.key("type")],
        "'package' is for python alone, since packages of \(language.rawValue) want a network while they run; "
          + "allowed: inline, repository")
    }
    if let off = policy.packagesOff { return note([.key("type")], "'package' is off: \(off)") }
    do {
      package = try CodePackage(content)
    } catch {
      note([.key("content")], error.message, "invalid")
    }
  }

  private mutating func readRepository(_ content: String) {
    if let off = policy.repositoriesOff { return note([.key("type")], "'repository' is off: \(off)") }
    do {
      let reference = try CodeReference(content)
      if let refusal = policy.refusal(of: reference.repository.host) { return note([.key("content")], refusal) }
      self.reference = reference
    } catch {
      note([.key("content")], error.message, "invalid")
    }
  }

  private mutating func readDependencies(_ texts: [String]) {
    let list: [Fault.Step] = [.key("dependencies")]
    guard language == .python else {
      return note(
        list,
        "dependencies are for python alone, since packages of \(language.rawValue) want a network while they run; "
          + "allowed is []")
    }
    if let off = policy.packagesOff { return note(list, "dependencies are off: \(off); allowed is []") }
    guard texts.count <= Self.dependenciesMax else {
      return note(list, "has \(texts.count) items, more than \(Self.dependenciesMax)", "too_long")
    }
    var names: Set<String> = Set([package?.requirement.name].compactMap { $0 })
    for (index, text) in texts.enumerated() {
      do {
        let requirement = try CodeRequirement(text)
        dependencies.append((index, requirement))
        if !names.insert(requirement.name).inserted {
          note(list + [.index(index)], "'\(requirement.name.excerpt)' is named twice; name it once", "duplicate")
        }
      } catch {
        note(list + [.index(index)], error.message, "invalid")
      }
    }
  }
}
