import AgentHTTP
import AgentJSON

/// Why there is no answer, and what may help.
struct ChatFailure: Error, Hashable, CustomStringConvertible {
  /// What happened, in the runtime's own words where there are some.
  let message: String
  /// What may help.
  var hint: String?

  /// Both, a line each, without line breaks at the end.
  var description: String { "error: \(message)" + (hint.map { "\n→ \($0)" } ?? "") }
}

extension ChatFailure {
  /// What an answer with an error status says (contract §1.2, §1.3).
  init(status: Int, body: [UInt8], agent: String) {
    let json = try? JSONValue(parsing: body)
    let code = json?["error"]?["code"]?.stringValue ?? json?["error"]?.stringValue
    let text = json?["message"]?.stringValue ?? json?["error"]?["message"]?.stringValue
    let request = json?["request_id"]?.stringValue.map { ", request \($0)" } ?? ""
    if let text {
      message = "\(text) (\([code, "\(status)"].compactMap(\.self).joined(separator: ", "))\(request))"
    } else {
      message = "The answer has the status \(status) and says no more: is this the address of a runtime?"
    }
    hint = Self.hint(status: status, code: code, agent: agent)
  }

  private static func hint(status: Int, code: String?, agent: String) -> String? {
    switch (status, code) {
    case (401, _):
      "Give one of the runtime's tokens with --token, or as RUNTIME_TOKEN in the environment or in .env here."
    case (403, _): "Give the user whom the agent, or the session, belongs to with --user."
    case (404, "AGENT_NOT_FOUND"):
      "GET /v1/agents lists the agents that are stored; \"\(agent)\" is neither an agent's id nor a line with a "
        + "published release."
    case (404, _): "Is --url the address of a runtime, without a path?"
    case (502, _), (503, _): "apus doctor, run where the runtime runs, tries its model and its database."
    default: nil
    }
  }

  /// What a failed exchange says.
  init(_ error: TransportError, url: String) {
    // The system's words for it come wrapped in the library's.
    let isRefused = error.kind == .connection && error.message.contains("Connection refused")
    let sentence = error.message.prefix(1).uppercased() + error.message.dropFirst()
    message = isRefused ? "Nothing listens at \(url)." : sentence
    switch error.kind {
    case .connection, .closedBeforeAnswer:
      hint = "Is the runtime running at \(url)? `apus serve` starts it; --url or PORT names another address."
    case .invalidAnswer: hint = "Does another program listen at \(url)? --url or PORT names another address."
    case .timeout: hint = "The model may be slow: apus doctor measures it."
    default: hint = nil
    }
  }
}
