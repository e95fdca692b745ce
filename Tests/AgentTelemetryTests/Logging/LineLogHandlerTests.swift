import AgentJSON
import Logging
import Synchronization
import Testing

@testable import AgentTelemetry

struct LineLogHandlerTests {
  @Test func writesTheFixedMembersFirst() throws {
    let lines = try logged { $0.notice("hello \"you\"\n", metadata: ["b": "2", "a": "1"]) }
    #expect(
      lines == [
        #"{"time":"2023-11-14T22:13:20.123Z","level":"notice","logger":"apus.test","message":"hello \"you\"\n","#
          + #""a":"1","b":"2"}"#
      ])
  }

  @Test(arguments: [
    ("status", "200", JSONValue.integer(200)), ("status", "published", "published"), ("attempts", "3", 3),
    ("duration_ms", "12.5", 12.5), ("prompt_tokens", "7", 7), ("completion_tokens", "-1", -1),
    ("waited_seconds", "1e2", 100), ("body_bytes", "0x10", "0x10"), ("duration_ms", "NaN", "NaN"),
    ("duration_ms", "", ""), ("duration_ms", " 1", " 1"), ("status", "007", "007"), ("step", "12", "12"),
    ("status", String(repeating: "9", count: 33), .string(String(repeating: "9", count: 33))),
  ])
  func figuresAreNumbers(key: String, text: String, value: JSONValue) throws {
    let object = try loggedObject { $0.info("m", metadata: [key: "\(text)"]) }
    #expect(object[key] == value)
  }

  @Test func nestsAndSorts() throws {
    let lines = try logged { logger in
      logger.info("m", metadata: ["o": ["z": "1", "a": ["x", ["k": "v"]], "wait_ms": "3"], "l": [], "e": [:]])
    }
    #expect(lines[0].hasSuffix(#""e":{},"l":[],"o":{"a":["x",{"k":"v"}],"wait_ms":3,"z":"1"}}"#))
  }

  @Test func theNearestMetadataWins() throws {
    let provider = Logger.MetadataProvider { ["b": "provided", "c": "provided"] }
    let object = try loggedObject(provider: provider) { logger in
      for key in ["a", "b", "c"] { logger[metadataKey: key] = "own" }
      logger.info("m", metadata: ["c": "event"])
    }
    #expect([object["a"], object["b"], object["c"]] == ["own", "provided", "event"])
  }

  @Test func fixedMembersAreNotOverwritten() throws {
    let object = try loggedObject {
      $0.info("m", metadata: ["time": "a", "level": "b", "logger": "c", "message": "d"])
    }
    #expect(object.keys == ["time", "level", "logger", "message", "level_", "logger_", "message_", "time_"])
    #expect(object["message"] == "m")
  }

  @Test func theCausesOfAnErrorFollowIt() throws {
    struct Layer: Error, CustomStringConvertible {
      var description: String
      var cause: (any Error)?
    }
    let error = Layer(description: "outer", cause: Layer(description: "middle", cause: Layer(description: "root")))
    let chain: JSONValue = "outer; caused by: middle; caused by: root"
    #expect(try loggedObject { $0.error("m", error: error, metadata: ["error": "other"]) }["error"] == chain)
    #expect(try loggedObject { $0.error("m", metadata: ["error": .stringConvertible(error)]) }["error"] == chain)
    #expect(try loggedObject { $0.error("m", metadata: ["error": "as it is"]) }["error"] == "as it is")
  }

  @Test func aLevelThatIsOffCostsNothing() throws {
    let evaluations = Mutex(0)
    let count: @Sendable () -> Int = {
      evaluations.withLock {
        $0 += 1; return $0
      }
    }
    let lines = try logged(level: .warning) { logger in
      logger.info("\(count())", metadata: ["k": "\(count())"])
      logger.warning("shown")
    }
    #expect(evaluations.withLock { $0 } == 0)
    #expect(lines.count == 1)
  }

  @Test func textIsForPeople() throws {
    let lines = try logged(.text) { logger in
      logger.warning("hello you", metadata: ["b": "two words", "a": "1", "e": "", "l": ["x", "y z"], "o": ["k": "v"]])
    }
    #expect(
      lines == [
        #"2023-11-14T22:13:20.123Z WARNING  apus.test hello you a=1 b="two words" e="" l=[x,"y z"] o={k=v}"#
      ])
  }

  @Test func textKeepsStrangersFromTheTerminal() throws {
    let lines = try logged(.text) { logger in
      logger.info("a\nINFO forged\u{1B}[2J\u{9B}31m", metadata: ["k": "x\r\n\u{7F}", "i\u{1B}": "=\""])
    }
    #expect(lines.count == 1)
    #expect(lines[0].hasSuffix(##"a\nINFO forged\u001b[2J\u009b31m i\u001b="=\"" k="x\r\n\u007f""##))
  }
}
