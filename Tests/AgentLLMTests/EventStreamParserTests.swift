import AgentHTTP
import Testing

@testable import AgentLLM

@Suite(.timeLimit(.minutes(2))) struct EventStreamParserTests {
  private static let cases: [(input: String, events: [String])] = [
    ("data: a\n\n", ["a"]),
    ("data:a\n\n", ["a"]),
    ("data:  a\n\n", [" a"]),
    ("data: a\r\n\r\n", ["a"]),
    ("data: a\r\r", ["a"]),
    ("data: a\r\n\ndata: b\n\r\n", ["a", "b"]),
    ("data: a\n\rdata: b\r\n\r", ["a", "b"]),
    ("data: a\ndata: b\n\n", ["a\nb"]),
    ("data: a\ndata\ndata:\ndata: \ndata: b\n\n", ["a\n\n\n\nb"]),
    ("data\n\n", [""]),
    ("data:\n\n", [""]),
    (": ping\n\n", []),
    (":\n\n:\n\ndata: a\n\n", ["a"]),
    ("event: message\nid: 7\nretry: 10\ndata: a\n\n", ["a"]),
    ("data: a\nevent: x\n\n", ["a"]),
    ("event: x\n\n", []),
    ("dat: a\ndatax: b\nDATA: c\n data: d\n\n", []),
    ("\u{FEFF}data: a\n\ndata: b\n\n", ["a", "b"]),
    ("data: a\n\n\u{FEFF}data: b\n\n", ["a"]),
    ("\n\n\ndata: a\n\n\n\ndata: b\n\n", ["a", "b"]),
    ("data: ä€😀\n\n", ["ä€😀"]),
    ("data: a\n\ndata: b", ["a"]),
    ("data: a\n\ndata: b\n", ["a"]),
    ("", []),
  ]

  @Test(arguments: cases.indices)
  func table(_ index: Int) throws {
    let (input, events) = Self.cases[index]
    let bytes = Array(input.utf8)
    #expect(try parse([bytes]) == events)
    // Any two cuts must make no difference.
    for first in 0...bytes.count {
      for second in first...bytes.count {
        let pieces = [Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])]
        #expect(try parse(pieces) == events, "cut at \(first) and \(second)")
      }
    }
    #expect(try parse(bytes.map { [$0] }) == events)
  }

  @Test func endWithoutABlankLineIsForgiven() throws {
    for input in ["data: a", "data: a\n", "data: a\r\n"] {
      var parser = EventStreamParser()
      var events: [String] = []
      try parser.feed(Array(input.utf8).span) { events.append($0.text) }
      try parser.finish { events.append($0.text) }
      #expect(events == ["a"])
      try parser.finish { events.append($0.text) }
      #expect(events == ["a"])
    }
  }

  @Test func sizeOfAnEventIsBounded() throws {
    let max = 1000
    for line in ["data: xxxxxxx\n", "data: xxxxxxx", ":xxxxxxxxxxxx"] {
      var parser = EventStreamParser(eventMax: max)
      #expect(throws: EventStreamParser.EventTooLarge.self) {
        for _ in 0..<max { try parser.feed(Array(line.utf8).span) { _ in } }
      }
    }
    var parser = EventStreamParser(eventMax: max)
    for _ in 0..<max { try parser.feed(Array("data: xxxxxxx\n\n:\n".utf8).span) { _ in } }
  }

  @Test(arguments: try Transcripts.streams())
  func everySplitOfATranscript(_ name: String) throws {
    let body = try Transcripts.dechunkedBody(name)
    let events = try parse([body])
    #expect(try parse(body.map { [$0] }) == events)
    // Windows of two events, the first cut at every byte: nothing of an event outlives it.
    let ends = [0] + body.indices.filter { $0 > 1 && body[$0 - 1] == 10 && body[$0 - 2] == 10 }
    for (start, (middle, end)) in zip(ends, zip(ends.dropFirst(), ends.dropFirst(2))) {
      let whole = try parse([Array(body[start..<end])])
      for cut in start...middle {
        var parser = EventStreamParser()
        var parsed: [String] = []
        try parser.feed(body.span.extracting(start..<cut)) { parsed.append($0.text) }
        try parser.feed(body.span.extracting(cut..<end)) { parsed.append($0.text) }
        #expect(parsed == whole, "cut at \(cut)")
      }
    }
  }

  private func parse(_ pieces: [[UInt8]]) throws -> [String] {
    var parser = EventStreamParser()
    var events: [String] = []
    for piece in pieces { try parser.feed(piece.span) { events.append($0.text) } }
    return events
  }
}

extension Span<UInt8> {
  fileprivate var text: String { unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) } }
}
