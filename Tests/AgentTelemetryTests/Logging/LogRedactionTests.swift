import Logging
import Testing

@testable import AgentTelemetry

struct LogRedactionTests {
  @Test(arguments: [
    ([], "all of it", "all of it"),
    ([""], "all of it", "all of it"),
    (["sk-1"], "key=sk-1, again sk-1sk-1", "key=***, again ******"),
    (["sk-1", "sk-12345"], "sk-12345 sk-1234", "*** ***234"),
    (["aab"], "aaab", "a***"),
    (["秘密"], "这是秘密。", "这是***。"),
    (["a\"b\\c"], #"{"key":"a\"b\\c"}"#, #"{"key":"***"}"#),
    (["token"], "toke", "toke"),
    (["whole"], "whole", "***"),
  ])
  func replaces(secrets: [String], text: String, expected: String) {
    #expect(LogRedaction(secrets: secrets).applied(to: text) == expected)
  }

  @Test(arguments: LogFormat.allCases)
  func noPartOfALineShowsASecret(format: LogFormat) throws {
    struct Failure: Error { let cause: any Error }
    struct Reason: Error { let token: String }
    let secret = "tok\"en-42"
    let provider = Logger.MetadataProvider { ["provided": "\(secret)"] }
    let lines = try logged(format, secrets: [secret], provider: provider) { logger in
      logger[metadataKey: "own"] = "x\(secret)x"
      logger.info("calling \(secret)", metadata: ["a": ["\(secret)", ["b": "\(secret)"]], "\(secret)": "key"])
      logger.error("failed", error: Failure(cause: Reason(token: secret)), metadata: ["duration_ms": "\(secret)"])
      logger.error("failed", metadata: ["error": .stringConvertible("\(Reason(token: secret))")])
    }
    #expect(lines.count == 3)
    for line in lines {
      #expect(!line.contains("en-42"))
      #expect(line.contains("***"))
    }
  }

  @Test func aSecretAtTheCutIsReplacedBeforeTheCut() throws {
    let lines = try logged(secrets: ["SECRETSECRET"]) { logger in
      for pad in 8100..<8200 { logger.info("\(String(repeating: "x", count: pad))SECRETSECRET and more") }
    }
    #expect(lines.allSatisfy { !$0.contains("SEC") })
  }
}
