import AgentJSON
import Testing

@Suite("Coding: what cannot be decoded, and where")
struct CodingErrorTests {
  struct Case: Sendable {
    let text: String
    let kind: String
    let place: String
    let found: String
    let decode: @Sendable (String) throws -> Void

    init<T: Decodable & SendableMetatype>(
      _ type: T.Type, _ text: String, _ kind: String, _ place: String, _ found: String
    ) {
      self.text = text
      self.kind = kind
      self.place = place
      self.found = found
      decode = { _ = try JSONCoder.decode(type, from: $0) }
    }
  }

  static let message = #"{"id":"a","role":"r","parts":["#
  static let cases: [Case] = [
    Case(Int.self, #""x""#, "type", "", #"expected an integer, found the string "x""#),
    Case(Bool.self, "1", "type", "", "expected true or false, found the number 1"),
    Case([String].self, #"["a",2]"#, "type", "[1]", "expected a string, found the number 2"),
    Case([String].self, #"["a",null]"#, "value", "[1]", "expected a string, found null"),
    Case([Int].self, #"[1,[]]"#, "type", "[1]", "expected an integer, found []"),
    Case([Int].self, "{}", "type", "", "expected an array, found {}"),
    Case([UInt8].self, "[1,256]", "data", "[1]", "from 0 to 255, found 256"),
    Case([String: Bool].self, #"{"a":true,"b c":0}"#, "type", "b c", "found the number 0"),
    Case([String: Coded.Place].self, #"{"p":{"row":1}}"#, "key column", "p", #"no member "column""#),
    Case([Coded.Place].self, #"[{"row":1,"column":null}]"#, "value", "[0].column", "found null"),
    Case(Coded.Message.self, message + "7]}", "type", "parts[0]", "expected an object, found the number 7"),
    Case(Coded.Message.self, message + #"{"text":{"_0":1}}]}"#, "type", "parts[0].text._0", "found the number 1"),
    Case(Coded.Message.self, #"{"id":1}"#, "type", "id", "expected a string, found the number 1"),
    Case([Coded.Level].self, "[1,7]", "data", "[1]", "invalid"),
    Case([Coded.Fast].self, #"[{"id":"a"}]"#, "key count", "[0]", #"no member "count""#),
    Case(Coded.Apart.self, #"{"size":1,"super":{"name":0}}"#, "type", "super.name", "found the number 0"),
    Case([String].self, "[1,", "data", "", "line 1, column 4"),
    Case([String: Int].self, #"{"a":1,"a":2}"#, "data", "", "twice"),
  ]

  @Test(arguments: cases) func errors(_ test: Case) throws {
    let error = try #require(throws: DecodingError.self) { try test.decode(test.text) }
    let (kind, context) = Self.parts(error)
    #expect(kind == test.kind)
    let place = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
    #expect((place.hasPrefix(".") ? String(place.dropFirst()) : place) == test.place)
    #expect(context.debugDescription.contains(test.found), "\(context.debugDescription)")
  }

  private static func parts(_ error: DecodingError) -> (String, DecodingError.Context) {
    switch error {
    case .typeMismatch(_, let context): ("type", context)
    case .valueNotFound(_, let context): ("value", context)
    case .keyNotFound(let key, let context): ("key \(key.stringValue)", context)
    case .dataCorrupted(let context): ("data", context)
    @unknown default: ("unknown", DecodingError.Context(codingPath: [], debugDescription: ""))
    }
  }

  @Test func byHandErrorsNameTheirPlace() throws {
    let value = try JSONCoder.value(of: [Coded.Fast(id: "a", next: [Coded.Fast(id: "b")])])
    let broken = value.encodedText.replacing(#""id":"b","count":1"#, with: #""id":"b","count":"x""#)
    let error = try #require(throws: DecodingError.self) { try JSONCoder.decode([Coded.Fast].self, from: broken) }
    #expect(Self.parts(error).1.codingPath.map(\.stringValue) == ["Index 0", "next", "Index 0", "count"])
  }

  @Test func elementsThatFailCanBeReadAsSomethingElse() throws {
    struct Loose: Decodable {
      var texts: [String] = []

      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        while !container.isAtEnd {
          if try container.decodeNil() {
            texts.append("nil")
          } else if let text = try? container.decode(String.self) {
            texts.append(text)
          } else {
            texts.append(String(try container.decode(Int.self)))
          }
        }
        #expect(throws: DecodingError.self) { try container.decode(Int.self) }
        #expect(throws: DecodingError.self) { try container.decodeNil() }
      }
    }
    #expect(try JSONCoder.decode(Loose.self, from: #"[1,null,"a"]"#).texts == ["1", "nil", "a"])
  }
}
