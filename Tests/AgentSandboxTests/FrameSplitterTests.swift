import Testing

@testable import AgentSandbox

@Suite struct FrameSplitterTests {
  private static func frame(_ text: String) -> [UInt8] {
    let body = Array(text.utf8)
    return (0..<4).map { UInt8(truncatingIfNeeded: body.count >> ($0 * 8)) } + body
  }

  @Test(arguments: [1, 2, 3, 4, 5, 7, 64])
  func framesComeWholeHoweverTheBytesAreSplit(piece: Int) throws {
    let texts = ["", "a", "{\"type\":\"text\"}", "", String(repeating: "x", count: 300)]
    let bytes = texts.flatMap(Self.frame)
    var splitter = FrameSplitter(lengthMax: 300)
    var found: [String] = []
    for start in stride(from: 0, to: bytes.count, by: piece) {
      try splitter.feed(bytes[start..<min(bytes.count, start + piece)]) {
        found.append(String(decoding: $0, as: UTF8.self))
      }
    }
    #expect(found == texts)
    #expect(!splitter.isWithinFrame)
  }

  @Test func aLengthOverTheLimitIsRefusedBeforeItsBytesCome() {
    var splitter = FrameSplitter(lengthMax: 10)
    var found: [[UInt8]] = []
    #expect(throws: FrameSplitter.TooLong(length: 11, lengthMax: 10)) {
      try splitter.feed((Self.frame("ok") + [11, 0, 0, 0])[...]) { found.append($0) }
    }
    #expect(found == [Array("ok".utf8)])
    #expect(throws: FrameSplitter.TooLong(length: 11, lengthMax: 10)) { try splitter.feed([1]) { _ in } }
  }

  @Test func aFrameThatIsNotWholeIsKnown() throws {
    var splitter = FrameSplitter(lengthMax: 10)
    try splitter.feed([3]) { _ in }
    #expect(splitter.isWithinFrame)
    try splitter.feed([0, 0, 0, 1, 2]) { _ in }
    #expect(splitter.isWithinFrame)
    try splitter.feed([3]) { _ in }
    #expect(!splitter.isWithinFrame)
  }
}

@Suite struct LastFrameTests {
  @Test(arguments: [
    (#"{"type":"result","value":1}"#, true), (#"{"type": "error", "kind": "exception"}"#, true),
    (#"{"type":"checked","faults":[]}"#, true), (#"{"type":"text","text":"result"}"#, false), ("", false),
    (#"{"type":"res"#, false),
  ])
  func aLastFrameIsKnownByItsStart(text: String, isLast: Bool) {
    #expect(WorkerFrame.looksLast(Array(text.utf8)) == isLast)
  }
}
