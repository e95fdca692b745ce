import AgentJSON
import AgentRuntime
import Testing

/// Lines and access (contract §2).
struct AgentAccessTests {
  private let harness = RuntimeHarness()
  private var catalog: AgentCatalog { harness.catalog }

  private func version(_ id: String, _ number: Int, status: String = "published", type: String = "release") async throws
  {
    try await harness.agent(
      id,
      [
        "agent_line_id": "line", "version_number": .string("v\(number)"), "status": .string(status),
        "version_type": .string(type),
      ])
  }

  @Test func aLineIsItsHighestPublishedRelease() async throws {
    try await version("v2", 2)
    try await version("v10", 10)
    try await version("v11", 11, status: "pending")
    try await version("v12", 12, type: "beta")
    try await version("v13", 13, status: "revoked")
    #expect(try await catalog.runnable("line", userID: nil).id == "v10")
    _ = try await catalog.move("v11", ["status": "published"])
    #expect(try await catalog.runnable("line", userID: nil).id == "v11")
    _ = try await catalog.move("v11", ["status": "revoked"])
    #expect(try await catalog.runnable("line", userID: nil).id == "v10")
    try await catalog.delete("v10")
    #expect(try await catalog.runnable("line", userID: nil).id == "v2")
    _ = try await catalog.update("v2", ["agent_line_id": "elsewhere"])
    #expect(await runtimeError { _ = try await catalog.runnable("line", userID: nil) }?.code == .agentNotFound)
    #expect(try await catalog.runnable("elsewhere", userID: nil).id == "v2")
  }

  @Test func anExactIDWinsOverALine() async throws {
    try await version("v1", 1)
    #expect(try await catalog.runnable("line", userID: nil).id == "v1")
    try await harness.agent("line")
    #expect(try await catalog.runnable("line", userID: nil).id == "line")
    #expect(try await catalog.named("line").id == "line")
    try await catalog.delete("line")
    #expect(try await catalog.runnable("line", userID: nil).id == "v1")
  }

  @Test func anUpdateHoldsForTheNextRun() async throws {
    try await harness.agent("a")
    let before = try await catalog.runnable("a", userID: nil)
    _ = try await catalog.update("a", ["name": "new"])
    #expect(before.definition.name == "Agent")
    #expect(try await catalog.runnable("a", userID: nil).definition.name == "new")
  }

  @Test(arguments: AgentStatus.allCases, VersionType.allCases)
  func whoMayRunWhat(status: AgentStatus, type: VersionType) async throws {
    try await harness.agent(
      "a", ["owner_id": "o", "status": .string(status.rawValue), "version_type": .string(type.rawValue)])
    let isOpen = status == .published && type == .release
    for (user, mayRun) in [("o", true), (nil, true), ("other", isOpen)] as [(String?, Bool)] {
      let error = await runtimeError { _ = try await catalog.runnable("a", userID: user) }
      #expect((error == nil) == (mayRun && status != .revoked), "\(user ?? "nobody")")
      if let error { #expect(error.code == .accessDenied && error.status == 403) }
    }
  }

  @Test func withoutAnOwnerEverybodyMay() async throws {
    try await harness.agent("a")
    #expect(try await catalog.runnable("a", userID: "anybody").id == "a")
  }

  @Test(arguments: ["", "a b", "../a", String(repeating: "a", count: 1000)])
  func whatIsNoNameIs404(name: String) async {
    #expect(await runtimeError { _ = try await catalog.runnable(name, userID: nil) }?.code == .agentNotFound)
  }

  @Test func aTemplateThatIsGoneIsAnExecutionError() async throws {
    let old = RuntimeHarness(templates: [SampleTemplate1.self])
    try await old.agent("a", ["template_id": "sample"])
    let catalog = AgentCatalog(
      templates: TemplateCatalog([CustomerServiceBot.self]), store: old.store, runs: old.runs)
    let error = await runtimeError { _ = try await catalog.runnable("a", userID: nil) }
    #expect(error?.code == .execution && error?.shouldRetry == false)
    #expect(error?.message.contains("sample 1.0.0") == true)
  }

  @Test func listsByFilterAndPage() async throws {
    for index in 0..<5 {
      try await harness.agent("a\(index)", ["owner_id": index < 3 ? "x" : "y"])
    }
    var query = AgentQuery(limit: 2, offset: 1)
    query.ownerID = "x"
    let page = try await catalog.agents(query)
    #expect(page.agents.map(\.id) == ["a1", "a2"] && page.total == 3)
  }
}
