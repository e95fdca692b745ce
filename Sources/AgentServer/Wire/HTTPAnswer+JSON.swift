import AgentJSON
import HTTPTypes
import NIOCore

extension HTTPAnswer {
  /// An answer of JSON.
  static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> HTTPAnswer {
    json(value.encoded(), status: status, headers: headers)
  }

  /// An answer of JSON text.
  static func json(_ text: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> HTTPAnswer {
    var headers = headers
    headers[.contentType] = "application/json"
    return HTTPAnswer(status: status, headers: headers, body: ByteBuffer(bytes: text))
  }

  /// An answer of text.
  static func text(_ text: some Sequence<UInt8>, type: String) -> HTTPAnswer {
    HTTPAnswer(headers: [.contentType: type], body: ByteBuffer(bytes: text))
  }
}
