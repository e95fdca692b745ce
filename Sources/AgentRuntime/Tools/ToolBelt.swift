import AgentJSON

/// The tools that one run offers its model: those of the agent's toolsets, under names that are unique.
struct ToolBelt: Sendable {
  private(set) var tools: [String: OfferedTool] = [:]
  /// As they stand in the model's request, in the order of the toolsets.
  private(set) var json: [JSONValue] = []
  /// What is missing, and why.
  private(set) var warnings: [String] = []
  private var isFull = false

  /// More tools than any model takes are a mistake; the rest is left out.
  private static let toolsMax = 256
  private static let nameMax = 64

  mutating func warn(_ text: String) { warnings.append(text) }

  /// Adds a tool; one whose name is taken gets its toolset's before it.
  mutating func add(_ tool: OfferedTool) {
    guard tools.count < Self.toolsMax else {
      if !isFull { warn("More than \(Self.toolsMax) tools: the rest is not offered.") }
      isFull = true
      return
    }
    var name = tool.definition.name
    if tools[name] != nil { name = String("\(tool.toolset)_\(name)".prefix(Self.nameMax)) }
    guard tools[name] == nil else { return warn("Tool '\(name)' of toolset '\(tool.toolset)' is there twice.") }
    tools[name] = tool
    json.append(tool.json(named: name))
  }

  /// The belt without the tools of which a human must approve calls.
  var withoutApprovals: ToolBelt {
    var belt = self
    for name in needingApproval { belt.tools[name] = nil }
    belt.json = json.filter { belt.tools[$0["function"]?["name"]?.stringValue ?? ""] != nil }
    return belt
  }

  /// Names of tools of which a human must approve calls.
  var needingApproval: [String] { tools.filter(\.value.needsApproval).map(\.key).sorted() }
}
