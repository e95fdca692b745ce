import AgentJSON
import AgentTesting
import Synchronization
import Testing

@testable import AgentRuntime

@Suite(.timeLimit(.minutes(1)))
struct ToolsetCatalogTests {
  /// Lists its tool after the first who asks has been held up until `open`.
  private final class SlowSource: ToolSource {
    private let tool: any Tool
    private let whenAsked: @Sendable () -> Void

    init(_ tool: any Tool, whenAsked: @escaping @Sendable () -> Void) {
      self.tool = tool
      self.whenAsked = whenAsked
    }

    func tools() async throws -> [any Tool] {
      whenAsked()
      return [tool]
    }

    var health: ToolSourceHealth { ToolSourceHealth() }
    func run() async {}
  }

  private let erase = ScriptedTool("erase") { _, _ in ToolOutput("erased") }

  private func policy(_ approval: ToolsetPolicy.Approval) -> ToolsetPolicy {
    var policy = ToolsetPolicy()
    policy.approval = approval
    return policy
  }

  /// A list that was asked for before an exchange says nothing of the sets that came with it.
  @Test func anExchangeWhileAListIsFetchedLeavesNothingOldInForce() async throws {
    let catalog = ToolsetCatalog()
    let strict = Toolset(name: "files", source: ScriptedToolSource([erase]), policy: policy(.always))
    let slow = SlowSource(erase) { catalog.replace([strict]) }
    catalog.replace([Toolset(name: "files", source: slow)])
    #expect(try await catalog.belt(["files"]).needingApproval == [])
    #expect(try await catalog.belt(["files"]).needingApproval == ["erase"])
  }

  private struct RenamedTool: Tool {
    let definition: ToolDefinition
    let sourceName: String
    func call(_ arguments: JSONObject, _ context: ToolContext) async throws -> ToolOutput { ToolOutput("") }
  }

  @Test(arguments: ["files.delete", "files_delete", "files_delete_2"])
  func approvalIsMeantUnderEveryName(name: String) async throws {
    let definition = ToolDefinition(name: "files_delete_2", description: "", parameters: ["type": "object"])
    let tool = RenamedTool(definition: definition, sourceName: "files.delete")
    let catalog = ToolsetCatalog([
      Toolset(name: "files", source: ScriptedToolSource([tool]), policy: policy(.tools([name])))
    ])
    let belt = try await catalog.belt(["files"])
    #expect(belt.needingApproval == ["files_delete_2"] && belt.warnings.isEmpty)
  }

  @Test func anApprovalOfNoToolIsToldOf() async throws {
    let catalog = ToolsetCatalog([
      Toolset(name: "files", source: ScriptedToolSource([erase]), policy: policy(.tools(["erase", "drop"])))
    ])
    let belt = try await catalog.belt(["files"])
    #expect(belt.warnings.count == 1 && belt.warnings[0].contains("'drop'"))
  }
}
