import AgentJSON
import Testing

/// Compiles a schema and gives the faults of a value as text.
private func faults(_ schema: String, _ value: String) throws -> [String] {
  try JSONSchema(JSONValue(parsing: schema)).validate(JSONValue(parsing: value)).map(\.description)
}

@Suite struct SchemaFaultTests {
  @Test func allFaultsAreReportedInTheOrderOfTheValue() throws {
    let schema = try JSONSchema(
      JSONValue(
        parsing: """
          {"type": "object", "required": ["id", "name"], "additionalProperties": false, "properties": {
            "id": {"type": "integer", "minimum": 1}, "name": {"type": "string", "minLength": 2},
            "tags": {"items": {"enum": ["a", "b"]}, "uniqueItems": true}}}
          """))
    let value = try JSONValue(parsing: #"{"tags": ["a", "x", "a"], "id": 0.5, "extra/1": null}"#)
    let faults = schema.validate(value)
    #expect(
      faults.map(\.description) == [
        "the member \"name\" is missing; it is required",
        #"/tags: elements 0 and 2 are equal; allowed: unique elements"#,
        #"/tags/1: "x" is not among the allowed values: "a", "b""#,
        "/id: 0.5 is of type number; allowed: integer",
        "/id: 0.5 is out of bounds; allowed: at least 1",
        #"/extra~11: the member "extra/1" is not allowed; allowed: "id", "name", "tags""#,
      ])
    #expect(
      faults.map(\.keyword) == ["required", "uniqueItems", "enum", "type", "minimum", "additionalProperties"])
    #expect(
      faults.map(\.schemaPath) == [
        "#/required", "#/properties/tags/uniqueItems", "#/properties/tags/items/enum", "#/properties/id/type",
        "#/properties/id/minimum", "#/additionalProperties",
      ])
    #expect(faults[2].instancePath == [.key("tags"), .index(1)])
    #expect(!schema.isValid(value))
  }

  @Test(arguments: [
    ("false", "1", "1 is not allowed; the schema here is false"),
    (#"{"type": ["null", "string"]}"#, "[1]", "an array of 1 is of type array; allowed: null, string"),
    (#"{"const": {"a": 1}}"#, "{}", "{} is not among the allowed values: an object of 1"),
    (#"{"multipleOf": 0.1}"#, "0.25", "0.25 is no multiple; allowed: multiples of 0.1"),
    (#"{"exclusiveMaximum": 3}"#, "3.0", "3.0 is out of bounds; allowed: less than 3"),
    (#"{"maxLength": 1}"#, #""ab""#, #""ab" has 2 characters; allowed: at most 1"#),
    (#"{"minItems": 1}"#, "[]", "[] has 0 elements; allowed: at least 1"),
    (#"{"maxProperties": 0}"#, #"{"a":1}"#, "an object of 1 has 1 members; allowed: at most 0"),
    (#"{"pattern": "^a"}"#, #""b""#, #""b" does not match; allowed: the pattern "^a""#),
    (#"{"not": {}}"#, "1", "1 is not allowed; it matches the schema under not"),
    (#"{"contains": {"type": "null"}}"#, "[1]", "0 elements match contains; allowed: at least 1"),
    (#"{"contains": true, "maxContains": 1}"#, "[1,2]", "2 elements match contains; allowed: at most 1"),
    (#"{"propertyNames": {"maxLength": 1}}"#, #"{"ab":1}"#, #"/ab: "ab" has 2 characters; allowed: at most 1"#),
    (
      #"{"dependentRequired": {"a": ["b"]}}"#, #"{"a":1}"#,
      #"the member "b" is missing; it is required along with "a""#
    ),
    (
      #"{"anyOf": [{"type": "string"}, {"properties": {"a": {"minimum": 2}}, "type": "object"}]}"#, #"{"a":1}"#,
      "an object of 1 matches none of 2 alternatives: "
        + "(0) an object of 1 is of type object; allowed: string; (1) /a: 1 is out of bounds; allowed: at least 2"
    ),
    (#"{"oneOf": [{}, false, {}]}"#, "1", "1 matches the alternatives 0, 2; allowed: just one"),
    (#"{"unevaluatedProperties": false}"#, #"{"a":1}"#, "/a: 1 is not allowed; the schema here is false"),
    (#"{"prefixItems": [true], "items": false}"#, "[1,2]", "/1: 2 is not allowed; the schema here is false"),
    (#"{"if": {"type": "array"}, "else": {"type": "null"}}"#, "1", "1 is of type integer; allowed: null"),
  ])
  func messagesSayTheValueAndWhatIsAllowed(schema: String, value: String, message: String) throws {
    #expect(try faults(schema, value) == [message])
  }

  @Test func longValuesAreCut() throws {
    let text = String(repeating: "é", count: 5_000)
    let fault = try #require(try faults(#"{"maxLength": 5}"#, "\"\(text)\"").first)
    #expect(fault.utf8.count < 250)
  }

  @Test func faultsInOtherResourcesNameThem() throws {
    let schema = try JSONSchema(
      JSONValue(parsing: #"{"$ref": "https://json-schema.org/draft/2020-12/schema"}"#))
    let fault = try #require(schema.validate(["type": 12]).first)
    #expect(fault.instancePointer == "/type")
    #expect(fault.schemaPath == "https://json-schema.org/draft/2020-12/meta/validation#/properties/type/anyOf")
  }

  @Test func formatIsAnAnnotationUnlessAsserted() throws {
    let document = try JSONValue(parsing: #"{"format": "date"}"#)
    #expect(try JSONSchema(document).validate("x").isEmpty)
    var options = JSONSchema.Options()
    options.assertsFormat = true
    let message = #""x" is malformed; allowed: the format date"#
    #expect(try JSONSchema(document, options: options).validate("x").map(\.message) == [message])
    #expect(try JSONSchema(["format": "no-such"], options: options).validate("x").isEmpty)
  }

  @Test func numbersAreComparedExactly() throws {
    #expect(try faults(#"{"maximum": 9007199254740992}"#, "9007199254740993").count == 1)
    #expect(try faults(#"{"maximum": 1e400}"#, "1e399").isEmpty)
    #expect(try faults(#"{"minimum": 1e99999999999999999999}"#, "1e400").count == 1)
    #expect(try faults(#"{"multipleOf": 0.01}"#, "19.99").isEmpty)
    #expect(try faults(#"{"multipleOf": 1e-300}"#, "1e300").isEmpty)
    #expect(try faults(#"{"multipleOf": 7}"#, "100000000000000000000000000000000000000000000003").count == 1)
    #expect(try faults(#"{"type": "integer"}"#, "1e400").isEmpty)
    #expect(try faults(#"{"enum": [1]}"#, "1.0").isEmpty)
  }
}

@Suite struct SchemaLoadTests {
  private func error(_ schema: String) throws -> JSONSchemaError? {
    let document = try JSONValue(parsing: schema)
    return #expect(throws: JSONSchemaError.self) { try JSONSchema(document) }
  }

  @Test(arguments: [
    (##"{"type": "text"}"##, "invalid_keyword", "#"), (##"{"items": {"minimum": "1"}}"##, "invalid_keyword", "#/items"),
    (##"{"properties": {"a/b": 1}}"##, "invalid_keyword", "#/properties/a~1b"), (##"12"##, "invalid_keyword", "#"),
    (##"{"required": "a"}"##, "invalid_keyword", "#"), (##"{"minLength": -1}"##, "invalid_keyword", "#"),
    (##"{"maxItems": 1.5}"##, "invalid_keyword", "#"), (##"{"allOf": []}"##, "invalid_keyword", "#"),
    (##"{"multipleOf": 0}"##, "invalid_keyword", "#"), (##"{"type": []}"##, "invalid_keyword", "#"),
    (##"{"enum": 1}"##, "invalid_keyword", "#"), (##"{"items": [true]}"##, "invalid_keyword", "#/items"),
    (##"{"$defs": {"a": {"$id": "b#c"}}}"##, "invalid_keyword", "#/$defs/a"),
    (##"{"$anchor": "1a"}"##, "invalid_keyword", "#"), (##"{"$id": 1}"##, "invalid_keyword", "#"),
    (##"{"$ref": "#/nowhere"}"##, "unresolved_reference", "#"),
    (##"{"$ref": "https://example.com/other"}"##, "unresolved_reference", "#"),
    (##"{"items": {"$ref": "#a"}}"##, "unresolved_reference", "#/items"),
    (##"{"$ref": "#/%zz"}"##, "unresolved_reference", "#"), (##"{"$ref": "#/~2"}"##, "unresolved_reference", "#"),
    (##"{"pattern": "(?=a)"}"##, "unsupported_pattern", "#"),
    (##"{"patternProperties": {"[": true}}"##, "unsupported_pattern", "#"),
    (##"{"$schema": "https://example.com/dialect"}"##, "unsupported_dialect", "#"),
    (##"{"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}}"##, "duplicate_identifier", "#/$defs/a"),
    (##"{"$defs": {"a": {"$id": "x"}, "b": {"$id": "x"}}}"##, "duplicate_identifier", "#/$defs/a"),
  ])
  func whatCannotBeUsedIsRefused(schema: String, code: String, path: String) throws {
    let error = try #require(try error(schema))
    #expect(error.code.rawValue == code, "\(error)")
    #expect(error.schemaPath == path)
  }

  @Test func errorsSayTheValueAndWhatIsAllowed() throws {
    #expect(
      try error(#"{"type": "text"}"#)?.description
        == #"type is "text"; allowed: one of null, boolean, integer, number, string, array, object or an array of them (at #)"#
    )
    #expect(try error(#"{"minLength": -1}"#)?.message == "minLength is -1; allowed: an integer of at least 0")
  }

  @Test func olderDraftsWorkAsFarAsTheyAgree() throws {
    let schema = """
      {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"n": {"$id": "#n", "type": "integer"}},
       "items": [{"$ref": "#n"}], "additionalItems": {"$ref": "#/definitions/n"}, "dependencies": {"a": ["b"]}}
      """
    #expect(try faults(schema, "[1, 2]").isEmpty)
    #expect(try faults(schema, #"["x", "y"]"#).count == 2)
    #expect(try faults(schema, #"{"a": 1}"#).count == 1)
  }

  @Test func anUnknownVocabularyIsRefusedOnlyIfRequired() throws {
    var options = JSONSchema.Options()
    for (isRequired, isAccepted) in [(true, false), (false, true)] {
      options.documents["https://example.com/meta"] = [
        "$vocabulary": [
          "https://json-schema.org/draft/2020-12/vocab/core": true, "https://example.com/vocab": .bool(isRequired),
        ]
      ]
      let schema = try? JSONSchema(["$schema": "https://example.com/meta", "type": "null"], options: options)
      #expect((schema != nil) == isAccepted)
      #expect(schema?.isValid(1) ?? true)
    }
  }
}

@Suite struct SchemaLimitTests {
  /// The message of the fault that says which limit stopped the validation.
  private func stop(_ schema: JSONValue, _ value: JSONValue) throws -> String? {
    var options = JSONSchema.Options()
    // A twentieth of the default, since debug builds are slow.
    options.limits.evaluationStepsMax = 50_000
    let compiled = try JSONSchema(schema, options: options)
    let fault = compiled.validate(value).last
    #expect(!compiled.isValid(value))
    return fault?.keyword == "" ? fault?.message : nil
  }

  @Test(arguments: [
    ##"{"$ref": "#"}"##, ##"{"allOf": [{"anyOf": [{"$ref": "#"}]}]}"##, ##"{"not": {"$dynamicRef": "#"}}"##,
    ##"{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"if": {"$ref": "#/$defs/a"}}}}"##,
    ##"{"dependentSchemas": {"a": {"oneOf": [{"$ref": "#"}]}}}"##,
  ])
  func cyclesWithoutProgressAreFound(schema: String) throws {
    let message = try #require(try stop(JSONValue(parsing: schema), ["a": 1]))
    #expect(message.contains("cycle"))
  }

  @Test func exponentialSchemasStop() throws {
    var schema: JSONValue = ["type": "string"]
    var definitions = JSONObject()
    for level in 0..<60 {
      definitions["d\(level)"] = schema
      let next: JSONValue = ["$ref": "#/$defs/d\(level)"]
      schema = ["allOf": [next, ["allOf": [next]]]]
    }
    definitions["top"] = schema
    let message = try stop(["$ref": "#/$defs/top", "$defs": .object(definitions)], 1)
    #expect(message != nil)
  }

  @Test func quadraticChecksArePaidFor() throws {
    let elements = JSONValue.array((0..<200).map { .integer($0) })
    let checks = JSONValue.array((0..<400).map { _ in ["uniqueItems": true] })
    #expect(try stop(["allOf": checks], elements) == "the validation was stopped; allowed: 50000 steps")
    let digits = String(repeating: "7", count: 100_000)
    let number = try JSONValue(parsing: digits)
    #expect(try stop(["allOf": .array((0..<20).map { _ in ["minimum": 1] })], number) != nil)
  }

  @Test func patternsOnLongTextsStop() throws {
    let text = JSONValue.string(String(repeating: "a", count: 10_000))
    #expect(try stop(["pattern": "(a?){500}(a*)*b"], text) != nil)
  }

  @Test func largeSchemasAreRefused() throws {
    let many = JSONValue.array((0..<20_001).map { _ in true })
    #expect(throws: JSONSchemaError.self) { try JSONSchema(["allOf": many]) }
    let error = #expect(throws: JSONSchemaError.self) {
      try JSONSchema(["properties": .object([String(repeating: "k", count: 5_000): true])])
    }
    #expect(error?.code == .schemaTooLarge)
    let patterns = JSONValue.array((0..<10).map { .object(["pattern": .string("a{9999}\($0)")]) })
    #expect(throws: JSONSchemaError.self) { try JSONSchema(["allOf": patterns]) }
  }

  @Test func faultsAreCounted() throws {
    var options = JSONSchema.Options()
    options.limits.faultsMax = 5
    let schema = try JSONSchema(["items": false], options: options)
    let faults = schema.validate(.array(Array(repeating: 1, count: 50)))
    #expect(faults.count == 6)
    #expect(faults.last?.message == "there are more faults; reported are at most 5")
  }
}
