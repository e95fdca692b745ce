import AgentJSON

@testable import AgentGraph

/// Builds a graph of a file on the engine.
struct GraphBuilding {
  private let described: JSONValue
  private let site: GraphSite
  private let names: Set<String>
  private var graph: Graph<PoolState>

  /// The compiled graph; the checkpointer is for the root.
  static func compile(
    _ described: JSONValue, at path: String = "", parent: [String: PoolChannel]? = nil, _ journal: GraphJournal,
    checkpointer: (any Checkpointer)? = nil
  ) throws -> CompiledGraph<PoolState> {
    let site = GraphSite(
      path: path, channels: try PoolChannel.all(of: described), parentChannels: parent, journal: journal)
    var building = GraphBuilding(described, site)
    for (name, node) in try described.member("nodes").object { try building.add(name, node) }
    for edge in try described["edges"]?.items ?? [] { try building.addEdge(edge) }
    for edge in try described["conditional"]?.items ?? [] { try building.addConditional(edge) }
    func points(_ key: String) throws -> InterruptPoints { .nodes(try described[key]?.items.map { try $0.text } ?? []) }
    return try building.graph.compile(
      checkpointer: checkpointer, interruptBefore: try points("interrupt_before"),
      interruptAfter: try points("interrupt_after"))
  }

  private init(_ described: JSONValue, _ site: GraphSite) {
    self.described = described
    self.site = site
    names = Set(described["nodes"]?.objectValue?.keys ?? [])
    graph = Graph(site.path.isEmpty ? "root" : site.path)
  }

  private mutating func add(_ name: String, _ node: JSONValue) throws {
    var options = try options(name, node)
    if let handler = node["on_error"] {
      let handlerName = name + "!"
      options.append(.onError(handlerName))
      try addOperations(handlerName, as: name, handler, [.destinations(known(targets(in: handler, "goto")))])
    }
    if let nested = node["graph"] {
      options.append(.destinations(known(targets(in: nested, "parent"))))
      try addGraph(name, node, nested, options)
    } else {
      let operations = try node.member("do")
      try addOperations(name, as: name, operations, options + [.destinations(known(targets(in: operations, "goto")))])
    }
  }

  private func options(_ name: String, _ node: JSONValue) throws -> [NodeOption<PoolState>] {
    var options: [NodeOption<PoolState>] = []
    if node["defer"] == true { options.append(.deferred) }
    if let attempts = try node["retry"]?.integer {
      options.append(.retry(RetryPolicy(attemptsMax: attempts, initialInterval: .milliseconds(1), jitter: false)))
    }
    if let limit = try node["timeout_ms"]?.integer {
      options.append(.timeout(TimeoutPolicy(run: .milliseconds(limit))))
    }
    return options
  }

  private mutating func addOperations(
    _ name: String, as shownName: String, _ operations: JSONValue, _ options: [NodeOption<PoolState>]
  ) throws {
    let (site, operations) = (site, try operations.items)
    graph.nodes.append(
      NodeDeclaration(
        name, options,
        .contextual { state, context in
          let start = site.journal.start(name, in: site.path, context)
          var scope = ExpressionScope(state, site.channels, node: shownName)
          scope.failure = context.failure
          var run = NodeRun(site, context, scope, start: start)
          try await run.perform(operations)
          let (command, shown) = try run.command()
          if let shown { site.journal.write(shown, by: context.taskID) }
          return command
        }))
  }

  private mutating func addGraph(
    _ name: String, _ node: JSONValue, _ nested: JSONValue, _ options: [NodeOption<PoolState>]
  ) throws {
    let site = site
    let (input, output) = (try node.member("input"), try node.member("output"))
    let child = try GraphBuilding.compile(nested, at: "\(site.path)\(name)/", parent: site.channels, site.journal)
    let childSite = GraphSite(
      path: child.name, channels: try PoolChannel.all(of: nested), parentChannels: site.channels, journal: site.journal)
    let checkpointing: SubgraphCheckpointing =
      switch nested["checkpoints"] {
      case nil, "inherited": .inherited
      case "own": .own
      default: .none
      }
    graph.subgraph(name, child, checkpointing: checkpointing) { state in
      try childSite.command(input, ExpressionScope(state, site.channels, node: name)).0
    } output: { state in
      try site.command(output, ExpressionScope(state, childSite.channels, node: name)).0
    }
    guard case .subgraph(let body)? = graph.nodes.popLast()?.body else { return }
    // The same node, with notes of its starts and writes.
    let noted = SubgraphBody<PoolState>(drawing: body.drawing, checkpointing: checkpointing) { sent, context in
      _ = site.journal.start(name, in: site.path, context)
      let command = try await GraphJournal.$enclosing.withValue(context.taskID) { try await body.run(sent, context) }
      site.journal.write(try site.shown(command), by: context.taskID)
      return command
    }
    graph.nodes.append(NodeDeclaration(name, options, .subgraph(noted)))
  }

  private mutating func addEdge(_ edge: JSONValue) throws {
    let target = Self.name(try edge.item(1).text)
    if let sources = try edge.item(0).arrayValue {
      graph.edge(try sources.map { try $0.text }, to: target)
    } else {
      graph.edge(Self.name(try edge.item(0).text), to: target)
    }
  }

  private mutating func addConditional(_ edge: JSONValue) throws {
    let (site, source, rules) = (site, try edge.member("from").text, try edge.member("rules").items)
    let named = known(rules.flatMap { $0["to"]?.arrayValue ?? [] }) + [NodeNames.end]
    graph.edge(Self.name(source), to: named) { state in
      let scope = ExpressionScope(state, site.channels)
      for rule in rules {
        if let fail = rule["fail"] {
          let starts = try fail.item(0).integer
          if site.journal.starts(of: site.path + source) <= starts {
            throw NodeFailed(description: try fail.item(1).text)
          }
        } else if try rule["if"].map(scope.holds) ?? true {
          return try route(to: rule.member("to").items, scope)
        }
      }
      return []
    }
  }

  private static func name(_ name: String) -> String {
    switch name {
    case "START": NodeNames.start
    case "END": NodeNames.end
    default: name
    }
  }
}

extension GraphBuilding {
  /// Names of targets that are nodes of this graph: others are to fail when they are chosen.
  private func known(_ targets: [JSONValue]) -> [String] {
    targets.compactMap { ($0["send"] ?? $0["send_each"] ?? $0).stringValue }.filter(names.contains)
  }

  /// The targets of all `goto` or `parent` operations in a part of the file.
  private func targets(in part: JSONValue, _ word: String) -> [JSONValue] {
    switch part {
    case .object(let object): object.flatMap { targets(in: $0.value, word) }
    case .array(let items):
      if items.first == .string(word) {
        word == "goto" ? Array(items.dropFirst()) : items.last?.arrayValue ?? []
      } else {
        items.flatMap { targets(in: $0, word) }
      }
    default: []
    }
  }
}

extension GraphSite {
  /// A command's writes, as results show them.
  func shown(_ command: Command<PoolState>) throws -> JSONValue {
    var shown = JSONObject()
    for write in command.writes {
      guard let channel = channels.values.first(where: { $0.poolName == write.channel.name }) else { continue }
      var state = PoolState()
      _ = try write.apply(to: &state)
      shown[channel.name] = channel.value(in: state)
    }
    return .object(shown)
  }
}
