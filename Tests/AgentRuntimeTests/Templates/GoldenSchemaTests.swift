import AgentJSON
import AgentRuntime
import Testing

/// A released version of a template never changes, and the schema's version changes with the templates.
struct GoldenSchemaTests {
  private let catalog = TemplateCatalog(BuiltinSchema.templates)

  @Test func releasedVersionsStayAsTheyWere() throws {
    for id in catalog.ids {
      for name in catalog.versionNames(of: id) {
        let version = try #require(catalog.version(name, of: id))
        let text = String(decoding: JSONValue.object(version.json).encoded(pretty: true), as: UTF8.self) + "\n"
        guard let released = try BuiltinSchema.released(id, name) else {
          Issue.record("\(id) \(name) is new: store what follows as Fixtures/template-\(id)-\(name).json\n\(text)")
          continue
        }
        #expect(
          text == released,
          """
          \(id) \(name) is released: agents are stored that were checked against it. Take the change back, and make \
          a new version instead: a template type of its own with a higher version, registered after this one in the \
          program and in BuiltinSchema.templates; then an entry in SchemaHistory.builtin.
          """)
      }
    }
  }

  @Test func theNewestEntryOfTheHistoryBelongsToTheTemplates() throws {
    let version = SchemaHistory.builtin.current.version.description
    let digest = BuiltinSchema.digest(catalog)
    let stored = try BuiltinSchema.digests()[version]?.stringValue
    #expect(
      stored == digest,
      """
      The templates are not those of schema \(version). Add an entry with a higher version, today's date and its \
      breaking changes to SchemaHistory.builtin, and "<version>": "\(digest)" to Fixtures/schema-digests.json.
      """)
  }

  @Test func everyEntryHasADigestOfItsOwn() throws {
    let digests = try BuiltinSchema.digests()
    #expect(SchemaHistory.builtin.entries.map(\.version.description) == digests.keys)
    #expect(Set(digests.map(\.value)).count == digests.count)
  }

  @Test func theFirstSchemaIsTheContracts() {
    #expect(SchemaHistory.builtin.entries.first?.version == SemanticVersion(1, 2, 0))
    let versions = SchemaHistory.builtin.entries.map(\.version)
    #expect(versions == versions.sorted() && Set(versions).count == versions.count)
  }

  /// The table of contract §3.
  @Test func theCustomerServiceBotIsTheContracts() throws {
    let json = try #require(catalog.version("1.0.0", of: "customer-service-bot")).json
    #expect(json["type"] == "conversation" && json["displayName"] == "智能客服助手")
    let sections = json["configSchema"]?["sections"]?.arrayValue ?? []
    #expect(sections.map { $0["id"] } == ["conversation"])
    #expect(sections.first?["title"] == "对话设置")
    let fields = sections.first?["fields"]?.arrayValue ?? []
    #expect(fields.map { $0["id"] } == ["continuous", "historyLength"])
    #expect(fields.map { $0["label"] } == ["持续对话模式", "对话历史长度"])
    #expect(fields.map { $0["type"] } == ["checkbox", "number"])
    #expect(fields.map { $0["defaultValue"] } == [true, 10])
    #expect(fields.last?["validation"] == ["min": 5, "max": 100, "integer": true])
    #expect(
      Set(json.keys) == [
        "template_name", "template_id", "type", "version", "displayName", "description", "runtimeRequirements",
        "configSchema", "jsonSchema",
      ])
  }

  /// The table of contract §3.
  @Test func theTaskExecutionBotIsTheContracts() throws {
    let json = try #require(catalog.version("1.1.0", of: "task-execution-bot")).json
    #expect(json["type"] == "task" && json["displayName"] == "任务型智能体")
    let sections = json["configSchema"]?["sections"]?.arrayValue ?? []
    #expect(sections.map { $0["id"] } == ["taskSteps", "validation"])
    #expect(sections.map { $0["title"] } == ["任务步骤", "验证设置"])
    let fields = sections.flatMap { $0["fields"]?.arrayValue ?? [] }
    #expect(
      fields.map { $0["id"] } == [
        "steps", "stepTimeout", "retryCount", "parallelExecution", "strictMode", "outputFormat",
      ])
    #expect(fields.map { $0["label"] } == ["执行步骤", "步骤超时", "重试次数", "并行执行", "严格模式", "输出格式"])
    #expect(fields.map { $0["type"] } == ["array", "number", "number", "checkbox", "checkbox", "select"])
    #expect(
      fields.map { $0["defaultValue"] } == [
        ["分析需求", "制定计划", "执行任务", "验证结果"], 300, 2, false, true, "structured",
      ])
    let ranges = fields.prefix(3).map { field in
      ["minItems", "min", "maxItems", "max"].compactMap { field["validation"]?[$0] }
    }
    #expect(ranges == [[1, 20], [10, 3600], [0, 5]])
    #expect(fields.last?["options"]?.arrayValue?.map { $0["value"] } == ["json", "text", "structured"])
  }
}
