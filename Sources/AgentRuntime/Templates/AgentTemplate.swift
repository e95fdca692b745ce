/// An agent's work with its settings filled in. Throws as `AgentTemplate.execute` does.
public typealias AgentProgram = @Sendable (AgentRun) async throws -> ChatCompletion

/// A kind of agent, in one version: what can be set, and what an agent of it does. Adding one is one file, and one
/// line where the program is put together.
public protocol AgentTemplate: Sendable {
  /// What can be set.
  associatedtype Settings: TemplateSettings

  /// What the platform is told about it.
  static var about: TemplateDescription { get }

  /// A template has no state of its own.
  init()

  /// Looks at settings that are well formed before an agent with them is stored, for what takes time or depends on
  /// this machine. Throws `RuntimeError` where that cannot be had now, or `CancellationError`.
  func check(_ settings: Settings, _ context: TemplateContext) async throws -> TemplateFindings

  /// Makes what runs an agent with these settings. It is done when the agent is loaded: what costs something to make,
  /// and is the same for each run, belongs here.
  func prepare(_ settings: Settings) -> AgentProgram

  /// Runs an agent of this template once. Throws `RuntimeError`, `ModelError`, `StoreError`, or `CancellationError`.
  func execute(_ run: AgentRun, settings: Settings) async throws -> ChatCompletion
}

extension AgentTemplate {
  /// Finds nothing: most settings are all right when they are well formed.
  public func check(_ settings: Settings, _ context: TemplateContext) async throws -> TemplateFindings {
    TemplateFindings()
  }

  /// Makes nothing: each run executes the template with the settings.
  public func prepare(_ settings: Settings) -> AgentProgram {
    { run in try await execute(run, settings: settings) }
  }
}

/// What a template has for looking at settings.
public struct TemplateContext: Sendable {
  /// Leads to the settings in the request.
  public var path: [Fault.Step]
  /// What checks code; nil where there is none.
  public var sandbox: (any Sandbox)?
  /// What gets packages and repositories; nil where there is none.
  public var supply: (any CodeSupply)?
  /// Whether it may be asked to; not for settings that nobody has asked for yet, such as those that a model proposes.
  public var mayFetch = true

  /// Makes a context.
  public init(path: [Fault.Step], sandbox: (any Sandbox)? = nil, supply: (any CodeSupply)? = nil) {
    self.path = path
    self.sandbox = sandbox
    self.supply = supply
  }
}

/// What a template finds in settings.
public struct TemplateFindings: Sendable, Hashable {
  /// Why no agent can have them.
  public var faults: [Fault]
  /// What is odd but allowed.
  public var warnings: [String]

  /// Makes findings.
  public init(faults: [Fault] = [], warnings: [String] = []) {
    self.faults = faults
    self.warnings = warnings
  }
}

/// What the platform is told about a template (contract §3).
public struct TemplateDescription: Sendable, Hashable {
  /// Names the template in `template_id`.
  public var id: String
  /// `conversation`, `task`, `custom`, or its own.
  public var type: String
  /// Semantic version; each released one is a type of its own.
  public var version: String
  /// For people.
  public var displayName: String
  /// For people.
  public var description: String
  /// What an agent of it needs.
  public var requirements: RuntimeRequirements

  /// Describes a template.
  public init(
    id: String, type: String, version: String, displayName: String, description: String,
    requirements: RuntimeRequirements
  ) {
    self.id = id
    self.type = type
    self.version = version
    self.displayName = displayName
    self.description = description
    self.requirements = requirements
  }
}

/// What an agent needs to run (contract §3 `runtimeRequirements`), as text for people.
public struct RuntimeRequirements: Sendable, Hashable {
  /// Memory, such as `256MB`.
  public var memory: String
  /// Processor time, such as `0.1 cores`.
  public var cpu: String
  /// Whether a GPU is needed.
  public var gpu: Bool
  /// What one answer takes, such as `model's own`.
  public var estimatedLatency: String

  /// Names the needs.
  public init(memory: String, cpu: String, gpu: Bool = false, estimatedLatency: String) {
    self.memory = memory
    self.cpu = cpu
    self.gpu = gpu
    self.estimatedLatency = estimatedLatency
  }
}
