import AgentJSON
import Testing

@Suite struct WriterTests {
  private func text(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    body(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test func membersAreSeparated() {
    let written = text { writer in
      writer.raw("{")
      writer.member("id")
      writer.string("a\"b")
      writer.member("n" as String)
      writer.integer(-12)
      writer.member("list")
      writer.raw("[")
      writer.separate()
      writer.bool(true)
      writer.separate()
      writer.double(0.5)
      writer.raw("]")
      writer.member("value")
      writer.value(["x": .null])
      writer.raw("}")
    }
    #expect(written == #"{"id":"a\"b","n":-12,"list":[true,0.5],"value":{"x":null}}"#)
  }

  @Test(arguments: [0, 1, -1, 9, 10, -10, 1_234_567_890, .max, .min]) func integers(value: Int) {
    #expect(text { $0.integer(value) } == String(value))
  }

  @Test func rawBytes() {
    #expect(text { $0.raw(Array("é".utf8)) } == "é")
    #expect(text { $0.raw("é") } == "é")
  }

  @Test func everyControlCharacterIsEscapedWhereverItStands() throws {
    for code in UInt8(0)..<0x20 {
      for length in 0..<10 {
        let string = String(repeating: "x", count: length) + String(UnicodeScalar(code)) + "y"
        let written = text { $0.string(string) }
        #expect(written.utf8.allSatisfy { $0 >= 0x20 })
        #expect(try JSONValue(parsing: written) == .string(string))
      }
    }
  }
}
