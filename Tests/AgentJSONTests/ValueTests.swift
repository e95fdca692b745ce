import AgentJSON
import Testing

@Suite struct ValueTests {
  private func value(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }

  @Test(arguments: [
    ("1", "1.0"), ("100", "1e2"), ("0", "-0.0"), ("0", "-0"), ("0", "0e9999"), ("1e999", "10e998"),
    ("18446744073709551616", "18446744073709551616.0"), ("1e400", "1.000e400"),
    ("9223372036854775808", "9223372036854775808e0"),
    ("1000000000000000000", "1e18"), ("0.1", "1e-1"), ("1.5", "1.50000000000000000000000"),
    (#"{"a":1,"b":[2]}"#, #"{"b":[2.0],"a":1.0}"#), (#""é""#, #""\u00e9""#),
    ("1e99999999999999999999", "1e99999999999999999999"),
  ])
  func equalValues(left: String, right: String) throws {
    let (left, right) = (try value(left), try value(right))
    #expect(left == right)
    #expect(left.hashValue == right.hashValue)
    #expect(Set([left, right]).count == 1)
  }

  @Test(arguments: [
    ("1", "1.1"), ("1", "true"), ("0", "false"), ("0", "null"), (#""1""#, "1"), ("[1,2]", "[2,1]"), ("[]", "{}"),
    (#""\u00e9""#, #""e\u0301""#), (#""\uf900""#, #""\u8c48""#), ("9007199254740993", "9007199254740992.0"),
    ("0.1", "0.10000000000000001"), ("9223372036854775808", "9223372036854775809"), ("1e999", "1e998"), ("1", "-1"),
    (#"{"a":1}"#, #"{"a":1,"b":1}"#), (#"{"a":1}"#, #"{"b":1}"#), ("1e99999999999999999999", "2e99999999999999999999"),
    (#"{"a":null}"#, "{}"), ("4611686018427387904", "4.611686018427388e18"),
  ])
  func differentValues(left: String, right: String) throws {
    #expect(try value(left) != value(right))
  }

  @Test func nanEqualsItselfAndIsWrittenAsNull() {
    #expect(JSONValue.double(.nan) == .double(.nan))
    #expect(JSONValue.double(.nan).encodedText == "null")
    #expect(JSONValue.double(-.infinity).encodedText == "null")
    #expect(JSONValue.double(.infinity).intValue == nil)
  }

  @Test func accessors() throws {
    #expect(try value("1.0").intValue == 1)
    #expect(try value("1e2").intValue == 100)
    #expect(try value("1.5").intValue == nil)
    #expect(try value("9223372036854775807").intValue == .max)
    #expect(try value("9223372036854775808").intValue == nil)
    #expect(try value("9223372036854775807.0").intValue == .max)
    #expect(try value("9223372036854775808").doubleValue == 9_223_372_036_854_775_808)
    #expect(try value("1e999").doubleValue == nil)
    #expect(try value("3").doubleValue == 3)
    #expect(try value("-0").doubleValue?.sign == .minus)
    #expect(try value("{}").intValue == nil && value("[]").objectValue == nil && value("1").stringValue == nil)
    #expect(try value("null").isNull && !value("0").isNull)
    #expect(try value(#"{"a":{"b":[true]}}"#)["a"]?["b"]?.arrayValue?.first?.boolValue == true)
    #expect(try value("[1]")["a"] == nil)
  }

  @Test(arguments: [
    ("null", "null"), ("true", "boolean"), ("1", "integer"), ("1.0", "integer"), ("1e999", "integer"),
    ("1.5", "number"),
    ("1e-999", "number"), ("\"\"", "string"), ("[]", "array"), ("{}", "object"),
  ])
  func typeNames(text: String, name: String) throws { #expect(try value(text).typeName == name) }

  @Test func numbersKeepTheirLiteral() throws {
    guard case .number(let number) = try value("123456789012345678901234567890.500") else {
      Issue.record("no literal was kept")
      return
    }
    #expect(number.literal == "123456789012345678901234567890.500")
    #expect(number.description == number.literal)
    #expect(JSONNumber("1e5")?.intValue == 100_000)
    #expect(JSONNumber("1e2") == JSONNumber("100"))
    for text in ["", "01", "1.", "+1", "NaN", "1 ", "0x1", "--1", "1e"] { #expect(JSONNumber(text) == nil) }
  }

  @Test func literals() {
    let value: JSONValue = ["b": true, "a": [1, 2.5, "x\(1)", .null, [:]]]
    #expect(value.encodedText == #"{"b":true,"a":[1,2.5,"x1",null,{}]}"#)
    #expect(value.description == value.encodedText)
  }

  @Test func prettyText() {
    let value: JSONValue = ["a": [1, [], [:]], "b": ["c": .null]]
    let expected = """
      {
        "a": [
          1,
          [],
          {}
        ],
        "b": {
          "c": null
        }
      }
      """
    #expect(String(decoding: value.encoded(pretty: true), as: UTF8.self) == expected)
  }
}

@Suite struct ObjectTests {
  @Test(arguments: [3, 16, 17, 100]) func keepsOrderWhateverIsSetAndRemoved(count: Int) {
    var object = JSONObject()
    var keys = (0..<count).map { "k\($0)" }
    for (index, key) in keys.enumerated() { object[key] = .integer(index) }
    object["k1"] = "changed"
    #expect(object.keys == keys)
    #expect(object["k1"] == "changed")
    #expect(object.removeValue(forKey: "k0") == 0)
    #expect(object.removeValue(forKey: "k0") == nil)
    object["k2"] = nil
    object["absent"] = nil
    keys.removeAll { $0 == "k0" || $0 == "k2" }
    #expect(object.keys == keys)
    for key in keys { #expect(object.contains(key: key) && object[key] != nil) }
    object["k0"] = 0
    #expect(object.keys == keys + ["k0"])
    #expect(object.count == keys.count + 1)
  }

  @Test func ofARepeatedKeyTheLastValueCounts() {
    let object: JSONObject = ["a": 1, "b": 2, "a": 3]
    #expect(object.description == #"{"a":3,"b":2}"#)
    #expect(JSONObject([("x", 1), ("x", 2)])["x"] == 2)
  }

  @Test func keysDifferByBytes() {
    var object: JSONObject = ["\u{E9}": 1]
    object["e\u{301}"] = 2
    #expect(object.count == 2)
    #expect(object["\u{E9}"] == 1)
  }

  @Test func isACollectionOfMembers() {
    let object: JSONObject = ["a": 1, "b": 2]
    #expect(object.first?.key == "a")
    #expect(object.last?.value == 2)
    #expect(object.map(\.key) == ["a", "b"])
    #expect(object[1].key == "b")
  }

  @Test func aLiteralMayHoldNull() {
    var object: JSONObject = [:]
    object["a"] = .null
    #expect(object.contains(key: "a"))
    #expect(object["a"]?.isNull == true)
  }
}
