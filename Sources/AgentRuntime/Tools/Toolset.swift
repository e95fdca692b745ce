/// A named set of tools, as the configuration has it: where its tools come from, and how agents may use them.
public struct Toolset: Sendable {
  /// What agents call it.
  public var name: String
  /// Where its tools come from.
  public var source: any ToolSource
  /// How they may be used.
  public var policy: ToolsetPolicy

  /// Makes a toolset.
  public init(name: String, source: any ToolSource, policy: ToolsetPolicy = ToolsetPolicy()) {
    self.name = name
    self.source = source
    self.policy = policy
  }
}

/// How the tools of a set may be used.
public struct ToolsetPolicy: Sendable, Hashable {
  /// Which calls a human must approve first.
  public enum Approval: Sendable, Hashable {
    /// None.
    case never
    /// Every one.
    case always
    /// Those of the tools with these names.
    case tools(Set<String>)
  }

  /// The tools that agents get; nil gives them all.
  public var tools: Set<String>?
  /// Which calls a human must approve first.
  public var approval = Approval.never
  /// How long a call may take.
  public var timeout = Duration.seconds(30)
  /// A longer output is cut; in bytes of UTF-8.
  public var outputBytesMax = 64 << 10

  /// All tools, no approval, 30 s, 64 KiB.
  public init() {}

  func needsApproval(_ tool: any Tool) -> Bool {
    switch approval {
    case .never: false
    case .always: true
    case .tools(let names): names.contains { Self.names($0, tool) }
    }
  }

  /// Names of the list of approvals that are no tool's: a slip there would let calls pass.
  func unknownApprovals(_ tools: [any Tool]) -> [String] {
    guard case .tools(let names) = approval else { return [] }
    return names.filter { name in !tools.contains { Self.names(name, $0) } }.sorted()
  }

  /// Whether a name of the configuration means the tool: as the model sees it, or as its source calls it.
  private static func names(_ name: String, _ tool: any Tool) -> Bool {
    name == tool.definition.name || ToolDefinition.wireName(name) == ToolDefinition.wireName(tool.sourceName)
  }
}
