import AgentJSON
import AgentRuntime

/// Turns the events of a stream of chunks into deltas to forward and, at the end, the whole answer.
struct StreamAssembler: Sendable {
  /// What an event says that ends the answer as a failure.
  enum Failure: Error {
    /// The event is not a JSON object in UTF-8.
    case malformed(String)
    /// The upstream reports an error.
    case reported(UpstreamFault)
  }

  /// The `[DONE]` event was seen.
  private(set) var isDone = false
  /// Why the model stopped, where it said so.
  private(set) var finishReason: String?
  private(set) var usage: TokenUsage?
  private var content = ""
  private var extra = JSONObject()
  private var toolCalls = ToolCallAssembler()

  /// Takes an event in; appends a delta if it holds something to forward.
  mutating func take(_ event: Span<UInt8>, into deltas: inout [ChatDelta]) throws {
    // An empty event is what some servers send to keep a connection alive.
    guard !isDone, !event.isEmpty else { return }
    if event.isDoneMarker {
      isDone = true
      return
    }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: event)
    } catch {
      throw Failure.malformed("an event is not valid JSON: \(error)")
    }
    guard case .object(let chunk) = value else { throw Failure.malformed("an event is no JSON object") }
    if let fault = UpstreamFault(chunk["error"]) { throw Failure.reported(fault) }
    if let usage = TokenUsage(openAI: chunk["usage"]) { self.usage = usage }
    guard let choice = chunk["choices"]?.arrayValue?.first(where: { ($0["index"]?.intValue ?? 0) == 0 }) else { return }
    if let reason = choice["finish_reason"]?.stringValue { finishReason = reason }
    guard case .object(let members)? = choice["delta"] else { return }
    let delta = ChatDelta(openAI: members)
    guard delta.content != nil || delta.extra != nil else { return }
    try merge(delta)
    deltas.append(delta)
  }

  /// The whole answer. Nil unless `[DONE]` and a `finish_reason` were seen.
  func completion() -> ChatCompletion? {
    guard isDone, let finishReason else { return nil }
    var json: JSONObject = ["role": "assistant"]
    let isText = !content.isEmpty || (toolCalls.isEmpty && extra.isEmpty)
    json["content"] = isText ? .string(content) : .null
    for (key, value) in extra { json[key] = value }
    if !toolCalls.isEmpty { json["tool_calls"] = toolCalls.value }
    return ChatCompletion(message: Message(role: .assistant, json: json), finishReason: finishReason, usage: usage)
  }

  private mutating func merge(_ delta: ChatDelta) throws {
    if let text = delta.content { content += text }
    for (key, value) in delta.extra ?? [:] {
      if key == "tool_calls" {
        do { try toolCalls.merge(value) } catch { throw Failure.malformed(error.message) }
      } else if case .string(let piece) = value, case .string(let text)? = extra[key] {
        // Refusals and reasoning come in pieces as the content does.
        extra[key] = .string(text + piece)
      } else {
        extra[key] = value
      }
    }
  }
}

extension Span<UInt8> {
  /// Whether the event's data is `[DONE]`.
  fileprivate var isDoneMarker: Bool {
    let marker: StaticString = "[DONE]"
    guard count >= marker.utf8CodeUnitCount, self[0] == UInt8(ascii: "[") else { return false }
    var end = count
    while end > 0, self[end - 1] == UInt8(ascii: " ") { end -= 1 }
    guard end == marker.utf8CodeUnitCount else { return false }
    return marker.withUTF8Buffer { bytes in
      for index in 0..<end where unsafe bytes[index] != self[index] { return false }
      return true
    }
  }
}
