import AgentJSON
import Foundation
import Logging
import Synchronization
import Testing

@testable import AgentTelemetry

struct LogOutputTests {
  @Test func linesOfManyThreadsStayWhole() throws {
    let pipe = try LogPipe()
    let output = LogOutput(descriptor: pipe.writeEnd)
    let received = Mutex<[UInt8]>([])
    // The last thread reads while the others write: the pipe holds but 64 KiB.
    let writing = Atomic<Int>(8)
    onThreads(9) { thread in
      guard thread < 8 else {
        let bytes = (try? pipe.readToEnd()) ?? []
        received.withLock { $0 = bytes }
        return
      }
      let logger = Logger(label: "t\(thread)") { label in
        LineLogHandler(label: label, level: .info, format: .json, redaction: LogRedaction(), output: output)
      }
      for line in 0..<200 {
        let pad = Array(repeating: Logger.MetadataValue.string(String(repeating: "x", count: line * 19)), count: 3)
        logger.info("m", metadata: ["pad": .array(pad), "n_count": "\(line)"])
      }
      if writing.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 { pipe.closeWriteEnd() }
    }
    #expect(output.droppedLines == 0)
    let objects = try lines(received.withLock { $0 }).map { try JSONValue(parsing: $0) }
    for thread in 0..<8 {
      let own = objects.filter { $0["logger"] == .string("t\(thread)") }
      #expect(own.compactMap { $0["n_count"]?.intValue } == Array(0..<200))
    }
  }

  @Test func aClosedPipeDropsTheLine() throws {
    let pipe = try LogPipe()
    let output = LogOutput(descriptor: pipe.writeEnd)
    try pipe.readEnd.close()
    output.write(Array("lost\n".utf8))
    pipe.closeWriteEnd()
    #expect(output.droppedLines == 1)
  }

  @Test func aClosedDescriptorDropsTheLine() {
    let output = LogOutput(descriptor: -1)
    output.write(Array("lost\n".utf8))
    #expect(output.droppedLines == 1)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"))) func aFullDiskDropsTheLine() throws {
    let file = try #require(FileHandle(forWritingAtPath: "/dev/full"))
    let output = LogOutput(descriptor: file.fileDescriptor)
    for _ in 0..<3 { output.write(Array("lost\n".utf8)) }
    #expect(output.droppedLines == 3)
  }

  @Test func aFullPipeDropsLinesAndTearsNone() throws {
    let pipe = try LogPipe(nonBlocking: true)
    let output = LogOutput(descriptor: pipe.writeEnd)
    // Above 4 KiB a write may be taken in part, so that the last line breaks off.
    let line = Array(String(repeating: "x", count: 4999).utf8) + [UInt8(ascii: "\n")]
    for _ in 0..<20 { output.write(line) }
    let dropped = output.droppedLines
    #expect(dropped > 0)
    var received = pipe.read(max: 1 << 20)
    for _ in 0..<3 { output.write(line) }
    #expect(output.droppedLines == dropped)
    pipe.closeWriteEnd()
    received += try pipe.readToEnd()
    let whole = lines(received).filter { $0.utf8.count == 4999 }
    let torn = lines(received).filter { $0.utf8.count != 4999 }
    #expect(whole.count == 23 - dropped)
    // The torn one ends where the next begins, and belongs to those that were counted.
    #expect(torn.count <= 1)
    #expect(torn.allSatisfy { $0.utf8.count < 4999 && $0.allSatisfy { $0 == "x" } })
  }

  // The only test that may do so: a second call ends the process.
  @Test func bootstrapsTheWholeProcess() throws {
    let file = try LogFile()
    let output = bootstrapLogging(
      level: .notice, format: .json, secrets: ["s3cret"], output: LogOutput(descriptor: file.handle.fileDescriptor))
    var logger = Logger(label: "apus.bootstrap")
    logger.info("not shown")
    logger.notice("shown s3cret")
    logger.logLevel = .info
    logger.info("shown too")
    let own = lines(try file.readAll()).filter { $0.contains("apus.bootstrap") }
    #expect(own.count == 2)
    #expect(own.first?.contains("shown ***") == true)
    #expect(output.droppedLines == 0)
  }
}
