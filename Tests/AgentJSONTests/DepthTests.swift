import AgentJSON
import Foundation
import Synchronization
import Testing

@Suite("Depth, on a thread with a stack of 512 KiB")
struct DepthTests {
  /// The stack that the deepest document must get along with in a debug build.
  private static let stackBytes = 512 * 1024

  /// Runs a closure on a thread of that stack and waits for it.
  private func onSmallStack(_ body: @escaping @Sendable () throws -> Void) throws {
    let result = ResultBox()
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      result.set(Result { try body() })
      done.signal()
    }
    thread.stackSize = Self.stackBytes
    thread.start()
    done.wait()
    try result.get()
  }

  private func nested(_ depth: Int, _ open: String, _ close: String) -> String {
    String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
  }

  @Test(arguments: [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]")])
  func theDeepestDocumentParsesWritesAndCompares(open: String, close: String) throws {
    let levels = open.utf8.count(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") })
    let text = nested(JSONLimits.depthCeiling / levels, open, close)
    try onSmallStack {
      let limits = JSONLimits(depthMax: 10_000)
      let value = try JSONValue(parsing: text, limits: limits)
      #expect(value.encodedText == text)
      #expect(try value == JSONValue(parsing: value.encoded(pretty: true), limits: limits))
      #expect(Set([value, value]).count == 1)
    }
  }

  @Test func depthIsLimited() throws {
    for (depthMax, depth) in [(0, 1), (1, 2), (128, 129), (10_000, JSONLimits.depthCeiling + 1)] {
      let limits = JSONLimits(depthMax: depthMax)
      let allowed = nested(depth - 1, "[", "]")
      #expect(throws: Never.self) { try JSONValue(parsing: allowed, limits: limits) }
      let error = #expect(throws: JSONParseError.self) {
        try JSONValue(parsing: nested(depth, "[", "]"), limits: limits)
      }
      #expect(error?.code == "depth_exceeded")
      #expect(error?.offset == depth - 1)
    }
  }

  @Test(arguments: [
    ##"{"items": {"$ref": "#"}}"##, ##"{"anyOf": [{"type": "integer"}, {"items": {"$ref": "#"}}]}"##,
    ##"{"if": {"type": "array"}, "then": {"items": {"$dynamicRef": "#"}}, "unevaluatedItems": false}"##,
    ##"{"oneOf": [false, {"allOf": [{"oneOf": [{"items": {"oneOf": [false, {"$ref": "#"}]}}, false]}]}]}"##,
    ##"{"not": {"not": {"contains": {"$ref": "#"}}}}"##,
  ])
  func theDeepestEvaluationFits(schemaText: String) throws {
    let text = nested(JSONLimits.depthCeiling, "[", "]")
    try onSmallStack {
      let value = try JSONValue(parsing: text, limits: JSONLimits(depthMax: 10_000))
      let schema = try JSONSchema(JSONValue(parsing: schemaText))
      #expect(schema.validate(value).last?.keyword == "")
    }
  }
}

/// Hands a result from a thread to the one that waits for it.
private final class ResultBox: Sendable {
  private let stored = Mutex<Result<Void, any Error>?>(nil)

  func set(_ result: Result<Void, any Error>) { stored.withLock { $0 = result } }

  func get() throws { try stored.withLock { $0 }?.get() }
}
