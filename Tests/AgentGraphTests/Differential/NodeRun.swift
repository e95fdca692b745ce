import AgentJSON

@testable import AgentGraph

/// What the nodes of one graph of a file have in common.
struct GraphSite: Sendable {
  /// The way to the graph: "" or "sub/".
  let path: String
  let channels: [String: PoolChannel]
  /// Those of the graph around; nil at the root.
  let parentChannels: [String: PoolChannel]?
  let journal: GraphJournal

  func channel(_ name: String) throws -> PoolChannel { try Self.channel(name, channels) }

  static func channel(_ name: String, _ channels: [String: PoolChannel]?) throws -> PoolChannel {
    guard let channel = channels?[name] else { throw DifferentialFault("there is no channel \"\(name)\"") }
    return channel
  }

  /// A command that writes what expressions give, and that as results show it.
  func command(_ writes: JSONValue, _ scope: ExpressionScope) throws -> (Command<PoolState>, JSONValue) {
    var (command, shown) = (Command<PoolState>.nothing, JSONObject())
    for (name, expression) in try writes.object {
      let (channel, value) = (try channel(name), try scope.value(of: expression))
      command = try channel.write(value, to: command)
      shown[name] = try channel.shown(value)
    }
    return (command, .object(shown))
  }
}

/// Targets of a goto or of an edge.
func route(to targets: [JSONValue], _ scope: ExpressionScope) throws -> Route {
  func send(_ node: JSONValue, _ argument: JSONValue) throws -> Route.Destination {
    var state = PoolState()
    state.argument = [argument]
    return .send(Send(try node.text, state: state))
  }
  return Route(
    try targets.flatMap { target -> [Route.Destination] in
      if let name = target.stringValue { return [name == "END" ? .end : .node(name)] }
      if let node = target["send_each"] {
        return try scope.value(of: target.member("over")).items.map { try send(node, $0) }
      }
      return [try send(target.member("send"), scope.value(of: target.member("arg")))]
    })
}

/// One attempt of a node that is a list of operations.
struct NodeRun {
  let site: GraphSite
  let context: NodeContext<PoolState>
  /// How often the node was started, this time included.
  let start: Int
  var scope: ExpressionScope
  /// The last write of each channel, in the order of the first.
  private var writes = JSONObject()
  private var overwrites: Set<String> = []
  private var goto: Route = []
  private var parent: Command<PoolState>?

  init(_ site: GraphSite, _ context: NodeContext<PoolState>, _ scope: ExpressionScope, start: Int) {
    self.site = site
    self.context = context
    self.scope = scope
    self.start = start
  }

  /// Performs operations, in order. Writes and targets are kept for `command`.
  mutating func perform(_ operations: [JSONValue]) async throws {
    for operation in operations { try await perform(operation) }
  }

  private mutating func perform(_ operation: JSONValue) async throws {
    switch try operation.item(0).text {
    case "write": try write(operation, overwriting: false)
    case "overwrite": try write(operation, overwriting: true)
    case "interrupt": scope.answers.append(try context.interrupt(try scope.value(of: operation.item(1))))
    case "repeat":
      for index in 0..<(try scope.value(of: operation.item(1)).integer) {
        scope.index = index
        try await perform(try operation.item(2).items)
      }
    case "when": if try scope.holds(operation.item(1)) { try await perform(try operation.item(2).items) }
    case "fail":
      let starts = try operation.item(1).integer
      if starts < 0 || start <= starts { throw NodeFailed(description: try operation.item(2).text) }
    case "sleep": try await context.level.scope.options.clock.sleep(for: .milliseconds(try operation.item(1).integer))
    case "goto": goto = try route(to: Array(try operation.items.dropFirst()), scope)
    case "parent": try leave(operation)
    case let word: throw DifferentialFault("unknown operation \"\(word)\"")
    }
  }

  private mutating func write(_ operation: JSONValue, overwriting: Bool) throws {
    let name = try operation.item(1).text
    writes[name] = try scope.value(of: operation.item(2))
    if overwriting { overwrites.insert(name) } else { overwrites.remove(name) }
  }

  private mutating func leave(_ operation: JSONValue) throws {
    var command = Command<PoolState>.nothing
    for (name, expression) in try operation.item(1).object where site.parentChannels != nil {
      command = try GraphSite.channel(name, site.parentChannels).write(scope.value(of: expression), to: command)
    }
    parent = .parent(command.goto(try route(to: operation.item(2).items, scope)))
  }

  /// What the node returns, and what results show of it; nothing of a command for the parent.
  func command() throws -> (Command<PoolState>, shown: JSONValue?) {
    if let parent { return (parent, nil) }
    var (command, shown) = (Command<PoolState>.nothing, JSONObject())
    for (name, value) in writes {
      let channel = try site.channel(name)
      if overwrites.contains(name) {
        command = try channel.overwrite(value, in: command)
        shown[name] = ["overwrite": try channel.shown(value)]
      } else {
        command = try channel.write(value, to: command)
        shown[name] = try channel.shown(value)
      }
    }
    return (command.goto(goto), .object(shown))
  }
}
