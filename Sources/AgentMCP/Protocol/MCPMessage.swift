import AgentJSON

/// One JSON-RPC message of a server.
enum MCPMessage: Sendable, Hashable {
  /// The answer to our request of that id.
  case answer(id: Int, result: JSONObject)
  /// The error answer to our request of that id; nil where the server could not read the id.
  case error(id: Int?, MCPFailure)
  /// A request of the server.
  case request(id: JSONValue, method: String)
  /// A notification.
  case notification(method: String)
  /// No JSON-RPC message.
  case garbage

  /// Tells what a message is.
  init(_ json: JSONValue) {
    self = .garbage
    guard let object = json.objectValue else { return }
    if let method = object["method"]?.stringValue {
      if let id = object["id"], !id.isNull {
        self = .request(id: id, method: method)
      } else {
        self = .notification(method: method)
      }
    } else if let error = object["error"]?.objectValue {
      let failure = MCPFailure.answer(
        code: error["code"]?.intValue ?? 0, message: error["message"]?.stringValue ?? "no message",
        data: error["data"])
      self = .error(id: object["id"]?.intValue, failure)
    } else if let id = object["id"]?.intValue, let result = object["result"]?.objectValue {
      self = .answer(id: id, result: result)
    }
  }

  /// Reads a message from its bytes.
  init(parsing bytes: Span<UInt8>) {
    guard let json = try? JSONValue(parsing: bytes) else {
      self = .garbage
      return
    }
    self.init(json)
  }

  /// What to answer to a request of the server: a ping is answered, nothing else is offered.
  static func reply(to id: JSONValue, _ method: String) -> JSONObject {
    if method == "ping" { return ["jsonrpc": "2.0", "id": id, "result": [:]] }
    let error: JSONValue = ["code": -32601, "message": .string("\(method.prefix(80)) is not offered by this client")]
    return ["jsonrpc": "2.0", "id": id, "error": error]
  }
}
