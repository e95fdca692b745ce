import AgentJSON

/// The toolsets that a composed agent may have, as the model is told of them: their names, and the names and
/// descriptions of their tools. Where they come from, and with which secrets, is nobody's business here.
struct ToolsetOutline: Sendable, Hashable {
  /// Those that the caller suggests come first.
  let names: [String]
  /// A line each.
  let text: String

  /// Of all sets together, in Unicode scalars.
  private static let lengthMax = 16_000
  private static let descriptionLengthMax = 200

  init(names: [String], tools: [String]) {
    self.names = names
    let shares = OutputDigest.shares(of: Self.lengthMax, for: tools.map(\.unicodeScalars.count))
    text = zip(names, zip(tools, shares)).map { name, shown in
      "- \(name): \(shown.0.cutInMiddle(to: shown.1))"
    }.joined(separator: "\n")
  }

  /// Asks all sets at once for their tools; one that cannot be reached is named alone. Throws `CancellationError`.
  init(of catalog: ToolsetCatalog, suggested: [String]) async throws {
    let others = catalog.names.filter { !suggested.contains($0) }
    let names = Array((suggested + others).prefix(ComposeCall.toolsetsMax))
    let tools = try await withThrowingTaskGroup(of: (Int, String).self) { group in
      for (index, name) in names.enumerated() {
        group.addTask { (index, Self.tools(of: try await catalog.belt([name]))) }
      }
      return try await group.reduce(into: Array(repeating: "", count: names.count)) { $0[$1.0] = $1.1 }
    }
    self.init(names: names, tools: tools)
  }

  private static func tools(of belt: ToolBelt) -> String {
    guard !belt.json.isEmpty else { return "its tools are not known now" }
    return belt.json.map { tool in
      let text = tool["function"]?["description"]?.stringValue ?? ""
      let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      return "\(tool["function"]?["name"]?.stringValue ?? "") (\(line.cutInMiddle(to: descriptionLengthMax)))"
    }.joined(separator: "; ")
  }
}
