import AgentJSON
import Testing

@Suite struct ParserTests {
  @Test(arguments: ValidDocument.all) func validDocumentsParse(document: ValidDocument) throws {
    let value = try JSONValue(parsing: document.text)
    #expect(value.encodedText == document.written)
    #expect(try JSONValue(parsing: value.encoded()) == value)
    #expect(try JSONValue(parsing: value.encoded(pretty: true)) == value)
  }

  @Test(arguments: InvalidDocument.all) func invalidDocumentsAreRefusedAtTheByte(document: InvalidDocument) {
    let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: document.bytes) }
    #expect(error?.code == document.code, "\(error?.description ?? "")")
    #expect(error?.offset == document.offset, "\(error?.description ?? "")")
  }

  @Test func everyCodeStandsInTheTable() {
    #expect(Set(InvalidDocument.all.map(\.code)) == Set(JSONParseError.codes))
  }

  @Test func everyCutOfADocumentEndsTooEarly() throws {
    let bytes = Array(#"{"a":[1.5e+3,"x\u00e9\ud83d\ude00\n",null,true,false,{"é":{}}],"b":-0.25}"#.utf8)
    _ = try JSONValue(parsing: bytes)
    for count in bytes.indices {
      let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: Array(bytes[..<count])) }
      let isInsideCharacter = bytes[count] & 0xC0 == 0x80
      #expect(error?.code == (isInsideCharacter ? "invalid_utf8" : "unexpected_end"))
      #expect(error?.offset == (isInsideCharacter ? count - 1 : count))
    }
  }

  @Test func linesAndColumnsCountFromOne() {
    let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: "[\n  1,\n  \"é\" x\n]") }
    #expect(error?.line == 3)
    #expect(error?.column == 7)
    #expect(error?.offset == 14)
    #expect(error?.description == "found x; expected a comma or ] (line 3, column 7, byte 14)")
  }

  @Test func allInputsParseAlike() throws {
    let text = #"{"a":[1,"é"]}"#
    let bytes = Array(text.utf8)
    let value = try JSONValue(parsing: text)
    #expect(try JSONValue(parsing: bytes) == value)
    #expect(try JSONValue(parsing: bytes.span) == value)
    // The span does not outlive the array.
    let raw = unsafe bytes.span.bytes
    #expect(try JSONValue(parsing: raw) == value)
  }

  @Test func badUTF8IsFoundAtEachPlaceInAString() {
    for length in 0..<20 {
      let bytes =
        [UInt8(ascii: "\"")] + Array(repeating: UInt8(ascii: "a"), count: length) + [0xFF, UInt8(ascii: "\"")]
      let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: bytes) }
      #expect(error?.code == "invalid_utf8")
      #expect(error?.offset == length + 1)
    }
  }

  @Test func manyKeysAreFoundAndCheckedForRepeats() throws {
    let members = (0..<500).map { "\"key\($0)\":\($0)" }
    let object = try #require(try JSONValue(parsing: "{\(members.joined(separator: ","))}").objectValue)
    #expect(object.count == 500)
    for index in 0..<500 { #expect(object["key\(index)"] == .integer(index)) }
    let text = "{\(members.joined(separator: ",")),\"key321\":0}"
    let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: text) }
    #expect(error?.code == "duplicate_key")
    #expect(error?.offset == text.utf8.count - "\"key321\":0}".utf8.count)
  }
}
