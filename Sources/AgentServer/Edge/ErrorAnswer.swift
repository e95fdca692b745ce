import AgentJSON
import AgentRuntime
import HTTPTypes
import NIOCore

/// Writes errors, in the runtime's shape (contract §1.2) or in the one OpenAI clients read (§1.3).
struct ErrorAnswer {
  let error: RuntimeError
  let requestID: String

  func answer(isOpenAI: Bool) -> HTTPAnswer {
    var headers: HTTPFields = [.contentType: "application/json"]
    if let delay = error.retryAfter {
      headers[.retryAfter] = String(max(1, delay.components.seconds + (delay.components.attoseconds > 0 ? 1 : 0)))
    }
    if let shouldRetry = error.shouldRetry ?? defaultRetry { headers[.shouldRetry] = shouldRetry ? "true" : "false" }
    let body = isOpenAI ? openAIBody : runtimeBody
    return HTTPAnswer(
      status: HTTPResponse.Status(code: error.status), headers: headers,
      body: ByteBuffer(bytes: JSONValue.object(body).encoded()))
  }

  // What ran must not run again by itself (contract §1.3).
  private var defaultRetry: Bool? { error.code == .timeout || error.code == .execution ? false : nil }

  private var runtimeBody: JSONObject {
    var body: JSONObject = ["error": .string(error.code.rawValue)]
    addCommon(to: &body)
    if error.code == .versionMismatch, let details = error.details {
      for (key, value) in details { body[key] = value }
    }
    return body
  }

  private var openAIBody: JSONObject {
    var body: JSONObject = ["error": errorObject]
    addCommon(to: &body)
    return body
  }

  /// OpenAI's error object, as it also stands in the last chunk of a stream that failed.
  var errorObject: JSONValue {
    [
      "message": .string(error.message), "type": .string(openAIType),
      "param": error.faults.first.map { .string(parameter($0)) } ?? .null, "code": .string(error.code.rawValue),
    ]
  }

  private func addCommon(to body: inout JSONObject) {
    let faults = JSONValue.array(error.faults.map(\.json))
    var details = error.details ?? [:]
    if !error.faults.isEmpty { details["errors"] = faults }
    body["message"] = .string(error.message)
    body["details"] = details.isEmpty ? .null : .object(details)
    body["detail"] = error.faults.isEmpty ? .string(error.message) : faults
    body["request_id"] = .string(requestID)
  }

  // OpenAI names the parameter without the part of the request it is in.
  private func parameter(_ fault: Fault) -> String {
    Fault(path: Array(fault.path.dropFirst()), message: "", type: "").pathText
  }

  private var openAIType: String {
    switch error.status {
    case 401: "authentication_error"
    case 403: "permission_error"
    case 404: "not_found_error"
    case 429: "rate_limit_error"
    case 400..<500: "invalid_request_error"
    default: "server_error"
    }
  }
}
