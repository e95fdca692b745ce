import AgentRuntime
import HTTPTypes

/// Lets in who shows one of the runtime's tokens (contract §1.1).
struct TokenCheck: Sendable {
  private let tokens: [[UInt8]]

  init(_ tokens: [String]) { self.tokens = tokens.filter { !$0.isEmpty }.map { Array($0.utf8) } }

  /// The place of the token in the list. Throws `RuntimeError` 401.
  func admit(_ head: HTTPRequest) throws -> Int {
    var known: Int?
    // Every token is compared with every one that was shown, so that time tells nothing.
    for shown in [head.headerFields[.runtimeToken], bearer(head)] {
      guard let shown else { continue }
      let bytes = Array(shown.utf8)
      for (place, token) in tokens.enumerated() where Self.areEqual(bytes, token) { known = place }
    }
    guard let known else {
      throw RuntimeError(
        .invalidToken, "The runtime token is missing or wrong: send it as X-Runtime-Token or as a Bearer token.")
    }
    return known
  }

  private func bearer(_ head: HTTPRequest) -> String? {
    guard let text = head.headerFields[.authorization], text.count > 7, text.prefix(7).lowercased() == "bearer " else {
      return nil
    }
    return String(text.dropFirst(7))
  }

  private static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    var difference = left.count ^ right.count
    for index in left.indices {
      difference |= Int(left[index] ^ right[index % right.count])
    }
    return difference == 0
  }
}
