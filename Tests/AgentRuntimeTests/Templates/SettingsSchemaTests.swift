import AgentJSON
import AgentRuntime
import Testing

/// Both schemas of a settings type, field by field.
struct SettingsSchemaTests {
  private typealias Settings = SampleTemplate.Settings

  private func field(_ section: Int, _ field: Int) -> JSONValue? {
    Settings.formSections.arrayValue?[section]["fields"]?.arrayValue?[field]
  }

  @Test func sectionsOfTheForm() {
    let sections = Settings.formSections.arrayValue ?? []
    #expect(sections.map { $0["id"] } == ["general", "lists", "free"])
    #expect(sections.map { $0["required"] } == [true, false, false])
    #expect(sections.map { $0["title"] } == ["General", "Lists", "Without rules"])
    #expect(sections[0]["description"] == "What must be there")
    #expect(sections[0]["fields"]?.arrayValue?.count == 6)
  }

  @Test(arguments: [
    (
      0, 0,
      #"{"id":"enabled","type":"checkbox","label":"Enabled","description":"Whether it is on","required":false,"#
        + #""defaultValue":true}"#
    ),
    (
      0, 1,
      #"{"id":"count","type":"number","label":"Count","description":"","required":false,"defaultValue":5,"#
        + #""validation":{"min":-3,"max":12,"integer":true}}"#
    ),
    (
      0, 2,
      #"{"id":"ratio","type":"number","label":"Ratio","description":"","required":false,"defaultValue":1.5,"#
        + #""validation":{"min":0.5,"max":2.25}}"#
    ),
    (
      0, 3,
      #"{"id":"name","type":"text","label":"Name","description":"","required":false,"defaultValue":"four","#
        + #""validation":{"minLength":2,"maxLength":6}}"#
    ),
    (
      0, 4,
      #"{"id":"entryPoint","type":"text","label":"Entry point","description":"","required":false,"#
        + #""defaultValue":"main","validation":{"pattern":"^[A-Za-z_][A-Za-z0-9_]*$"}}"#
    ),
    (
      0, 5,
      #"{"id":"body","type":"textarea","label":"Body","description":"","required":true,"#
        + #""validation":{"pattern":"\\S"}}"#
    ),
    (
      1, 0,
      #"{"id":"format","type":"select","label":"Format","description":"","required":false,"#
        + #""defaultValue":"structured","options":[{"value":"json","label":"json"},{"value":"text","label":"text"},"#
        + #"{"value":"structured","label":"structured"}]}"#
    ),
    (
      1, 1,
      #"{"id":"steps","type":"array","label":"Steps","description":"","required":false,"#
        + #""defaultValue":["one","two"],"validation":{"minItems":1,"maxItems":4,"pattern":"\\S","minLength":0,"#
        + #""maxLength":5}}"#
    ),
  ])
  func fieldsOfTheForm(section: Int, index: Int, text: String) throws {
    #expect(field(section, index)?.encodedText == text)
  }

  @Test func jsonSchema() throws {
    let schema = Settings.jsonSchema
    #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema")
    #expect(schema["required"] == ["general"])
    let general = schema["properties"]?["general"]
    #expect(general?["required"] == ["body"])
    #expect(general?["properties"]?["count"]?["default"] == 5)
    #expect(general?["properties"]?["count"]?["minimum"] == -3)
    #expect(general?["properties"]?["count"]?["type"] == "integer")
    let steps = schema["properties"]?["lists"]?["properties"]?["steps"]
    #expect(steps?["minItems"] == 1)
    #expect(steps?["items"] == ["type": "string", "pattern": "\\S", "minLength": 0, "maxLength": 5])
    #expect(schema["properties"]?["lists"]?["properties"]?["format"]?["enum"] == ["json", "text", "structured"])
    #expect(throws: Never.self) { try JSONSchema(.object(schema)) }
  }

  @Test func defaultsSatisfyTheirOwnSchema() throws {
    let sections = try #require(Settings.jsonSchema["properties"]?.objectValue)
    for (_, section) in sections {
      for (name, schema) in try #require(section["properties"]?.objectValue) {
        guard let value = schema["default"] else { continue }
        #expect(try JSONSchema(schema).isValid(value), "\(name)")
      }
    }
  }
}
