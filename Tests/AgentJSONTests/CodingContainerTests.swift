import AgentJSON
import Testing

@Suite("Coding: containers used in every order")
struct CodingContainerTests {
  private typealias Key = Coded.Key

  private func text(_ script: @escaping (any Encoder) throws -> Void) throws -> String {
    // In an array and in an object too, so that there is text around which must not be hurt.
    let value = Coded.Scripted(script)
    let text = try JSONCoder.text(value)
    #expect(try JSONCoder.text([value, value]) == "[\(text),\(text)]")
    let members = Coded.Scripted { encoder in
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(value, forKey: "x")
      try container.encode([value], forKey: "y")
    }
    #expect(try JSONCoder.text(members) == #"{"x":\#(text),"y":[\#(text)]}"#)
    return text
  }

  @Test func nestedContainersInterleaved() throws {
    let text = try text { encoder in
      var root = encoder.container(keyedBy: Key.self)
      var first = root.nestedContainer(keyedBy: Key.self, forKey: "first")
      var second = root.nestedUnkeyedContainer(forKey: "second")
      try first.encode(1, forKey: "a")
      try second.encode("x")
      try root.encode(true, forKey: "flag")
      try first.encode([1, 2], forKey: "b")
      try second.encode(Coded.Place(row: 1, column: 2))
      var deep = second.nestedContainer(keyedBy: Key.self)
      try first.encodeNil(forKey: "c")
      try deep.encode(Coded.Part.text("t"), forKey: "d")
      var deeper = deep.nestedUnkeyedContainer(forKey: "e")
      try second.encode(9)
      try deeper.encode(8)
      try root.encode("end", forKey: "end")
    }
    #expect(
      text
        == #"{"first":{"a":1,"b":[1,2],"c":null},"second":["x",{"row":1,"column":2},"#
        + #"{"d":{"text":{"_0":"t"}},"e":[8]},9],"flag":true,"end":"end"}"#)
  }

  @Test func superEncodersUsedLate() throws {
    let text = try text { encoder in
      var root = encoder.container(keyedBy: Key.self)
      let object = root.superEncoder()
      let array = root.superEncoder(forKey: "array")
      let scalar = root.superEncoder(forKey: "scalar")
      let never = root.superEncoder(forKey: "never")
      let value = root.superEncoder(forKey: "value")
      try root.encode(1, forKey: "n")
      var single = scalar.singleValueContainer()
      try single.encode("s")
      try Coded.Place(row: 1, column: 2).encode(to: object)
      var elements = array.unkeyedContainer()
      try elements.encode(1)
      let inner = elements.superEncoder()
      try elements.encode(3)
      var innerSingle = inner.singleValueContainer()
      try innerSingle.encode([2])
      var whole = value.singleValueContainer()
      try whole.encode(Coded.Place(row: 3, column: 4))
      #expect(never.codingPath.map(\.stringValue).last == "never")
    }
    #expect(
      text
        == #"{"super":{"row":1,"column":2},"array":[1,[2],3],"scalar":"s","never":{},"#
        + #""value":{"row":3,"column":4},"n":1}"#)
  }

  @Test func sameContainerTwice() throws {
    let text = try text { encoder in
      var one = encoder.container(keyedBy: Key.self)
      try one.encode(1, forKey: "a")
      var two = encoder.container(keyedBy: Key.self)
      var nested = one.nestedUnkeyedContainer(forKey: "n")
      try two.encode(2, forKey: "b")
      try nested.encode(3)
      try one.encode(4, forKey: "c")
    }
    #expect(text == #"{"a":1,"n":[3],"b":2,"c":4}"#)
  }

  @Test func ofARepeatedKeyTheLastValueCounts() throws {
    let text = try text { encoder in
      var root = encoder.container(keyedBy: Key.self)
      try root.encode(["}", "\"", "\\"], forKey: "a\"")
      try root.encode(Coded.Place(row: 1, column: 2), forKey: "b")
      var late = root.nestedContainer(keyedBy: Key.self, forKey: "c")
      try late.encode(1, forKey: "x")
      try root.encode(0, forKey: "a\"")
      try late.encode(2, forKey: "y")
      try late.encode(3, forKey: "x")
      try root.encode(4, forKey: "b")
      try root.encode(5, forKey: "b")
    }
    #expect(text == #"{"c":{"y":2,"x":3},"a\"":0,"b":5}"#)
  }

  @Test func manyKeysWithRepeats() throws {
    let text = try text { encoder in
      var root = encoder.container(keyedBy: Key.self)
      for round in 0..<2 {
        for index in 0..<100 { try root.encode(round, forKey: Key(stringValue: "key\(index)")) }
      }
    }
    #expect(text == "{" + (0..<100).map { #""key\#($0)":1"# }.joined(separator: ",") + "}")
  }

  @Test func whatFailsLeavesNoTrace() throws {
    let failing = Coded.Scripted { encoder in
      var root = encoder.container(keyedBy: Key.self)
      try root.encode(1, forKey: "a")
      var nested = root.nestedUnkeyedContainer(forKey: "n")
      try nested.encode(Double.infinity)
    }
    let text = try text { encoder in
      var root = encoder.container(keyedBy: Key.self)
      #expect(throws: EncodingError.self) { try root.encode(failing, forKey: "f") }
      try root.encode(1, forKey: "a")
      #expect(throws: EncodingError.self) { try root.encode([failing], forKey: "f") }
      #expect(throws: EncodingError.self) { try root.encode(Double.nan, forKey: "f") }
      var list = root.nestedUnkeyedContainer(forKey: "l")
      #expect(throws: EncodingError.self) { try list.encode(failing) }
      try list.encode(2)
      try root.encode(3, forKey: "b")
      #expect(throws: EncodingError.self) { try list.encode(failing) }
      try list.encode(4)
      let fast = Coded.Fast(id: "x", score: .nan)
      #expect(throws: EncodingError.self) { try list.encode([fast]) }
      #expect(throws: EncodingError.self) { try root.encode([fast], forKey: "g") }
    }
    #expect(text == #"{"a":1,"l":[2,4],"b":3}"#)
  }

  @Test func misuseIsAnError() throws {
    let scripts: [(any Encoder) throws -> Void] = [
      { encoder in
        var single = encoder.singleValueContainer()
        try single.encode(1)
        try single.encode(2)
      },
      { encoder in
        _ = encoder.container(keyedBy: Key.self)
        var array = encoder.unkeyedContainer()
        try array.encode(1)
      },
      { encoder in
        var single = encoder.singleValueContainer()
        try single.encode("x")
        _ = encoder.container(keyedBy: Key.self)
      },
    ]
    for script in scripts {
      #expect(throws: EncodingError.self) { try JSONCoder.encode(Coded.Scripted(script)) }
      #expect(throws: EncodingError.self) { try JSONCoder.encode([Coded.Scripted(script)]) }
    }
    var kept: (any UnkeyedEncodingContainer)?
    let escaping = Coded.Scripted { kept = $0.unkeyedContainer() }
    #expect(try JSONCoder.text(escaping) == "[]")
    #expect(throws: EncodingError.self) { try kept?.encode(1) }
  }

  @Test func aContainerAroundAnArrayCannotBeWrittenToFromWithin() throws {
    let text = try text { encoder in
      var root = encoder.container(keyedBy: Key.self)
      let outer = root
      let intruder = Coded.Scripted { inner in
        var outer = outer
        #expect(throws: EncodingError.self) { try outer.encode(1, forKey: "intruder") }
        var single = inner.singleValueContainer()
        try single.encode(2)
      }
      try root.encode([intruder, intruder], forKey: "list")
      try root.encode(["k": intruder], forKey: "map")
      try root.encode(3, forKey: "n")
    }
    #expect(text == #"{"list":[2,2],"map":{"k":2},"n":3}"#)
  }

  @Test func aContainerAroundAnObjectCanBeWrittenToFromWithin() throws {
    let text = try text { encoder in
      var root = encoder.container(keyedBy: Key.self)
      let outer = root
      let intruder = Coded.Scripted { inner in
        var own = inner.container(keyedBy: Key.self)
        try own.encode(1, forKey: "before")
        var outer = outer
        var nested = outer.nestedUnkeyedContainer(forKey: "intruder")
        try nested.encode(2)
        try own.encode(3, forKey: "after")
      }
      try root.encode(intruder, forKey: "object")
      try root.encode(4, forKey: "n")
    }
    #expect(text == #"{"object":{"before":1,"after":3},"intruder":[2],"n":4}"#)
  }

  @Test func countsAndPaths() throws {
    let value = Coded.Scripted { encoder in
      var root = encoder.unkeyedContainer()
      #expect(root.count == 0)
      try root.encode(1)
      try root.encode([2])
      #expect(root.count == 2)
      var nested = root.nestedContainer(keyedBy: Key.self)
      #expect(nested.codingPath.map(\.intValue) == [nil, 1, 2])
      let deep = Coded.Scripted { inner in
        #expect(inner.codingPath.map(\.stringValue) == ["k", "Index 1", "Index 2", "deep"])
        var single = inner.singleValueContainer()
        try single.encodeNil()
      }
      try nested.encode(deep, forKey: "deep")
      #expect(root.count == 3)
    }
    #expect(try JSONCoder.text(["k": [nil, value]]) == #"{"k":[null,[1,[2],{"deep":null}]]}"#)
  }
}
