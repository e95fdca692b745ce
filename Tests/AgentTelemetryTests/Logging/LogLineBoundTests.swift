import AgentJSON
import Logging
import Testing

@testable import AgentTelemetry

struct LogLineBoundTests {
  @Test(arguments: LogFormat.allCases, ["x", "\u{1}", "\"", "\u{9B}", "语", "👩‍👩‍👧"])
  func noLineIsLonger(format: LogFormat, piece: String) throws {
    let long = String(repeating: piece, count: 6000)
    let lines = try logged(format) { logger in
      logger.info("\(long)")
      logger.info("m", metadata: ["long": "\(long)", "\(long)": "key"])
      logger.info("\(long)", metadata: ["a": "\(long)", "b": "\(long)", "c": "\(long)", "z": "last"])
      logger.info("\(long)", metadata: ["deep": ["\(long)", ["\(long)": "\(long)"], "\(long)"], "z": "last"])
    }
    #expect(lines.count == 4)
    for line in lines {
      #expect(line.utf8.count < LogLine.byteMax)
      if format == .json { #expect(throws: Never.self) { try JSONValue(parsing: line) } }
    }
  }

  @Test func aTextOfTheBoundStaysWhole() throws {
    let whole = String(repeating: "x", count: LogLine.messageByteMax)
    let lines = try logged { logger in
      logger.info("\(whole)")
      logger.info("\(whole)y")
    }
    #expect(try JSONValue(parsing: lines[0])["message"] == .string(whole))
    let cut = try #require(try JSONValue(parsing: lines[1])["message"]?.stringValue)
    #expect(cut.utf8.count <= LogLine.messageByteMax)
    #expect(cut.hasPrefix("xxx") && cut.hasSuffix(" bytes cut)"))
  }

  @Test func cutsBetweenCharacters() {
    for size in 6000..<6020 {
      let cut = LogLine.cut(String(repeating: "语", count: 4000), max: size)
      #expect(!cut.contains("\u{FFFD}"))
      #expect(cut.utf8.count <= size)
    }
  }

  @Test func membersWithoutRoomAreCounted() throws {
    var metadata: Logger.Metadata = [:]
    for index in 0..<3000 { metadata["k\(index)"] = "value" }
    for format in LogFormat.allCases {
      let lines = try logged(format) { $0.info("m", metadata: metadata) }
      #expect(lines[0].utf8.count < LogLine.byteMax)
      #expect(lines[0].contains("members_left_out"))
    }
  }

  @Test func depthIsBounded() throws {
    var value = Logger.MetadataValue.string("core")
    for _ in 0..<10_000 { value = .array([value]) }
    let lines = try logged { $0.info("m", metadata: ["deep": value]) }
    #expect(lines[0].hasSuffix(#""deep":[[[[[[[["…"]]]]]]]]}"#))
  }
}
