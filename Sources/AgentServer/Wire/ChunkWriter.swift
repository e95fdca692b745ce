import AgentJSON
import AgentRuntime
import NIOCore

/// Writes a stream of `chat.completion.chunk` events (contract §4).
struct ChunkWriter: Sendable {
  // What all chunks of an answer begin with.
  private let head: [UInt8]

  init(id: String, model: String, created: Int) {
    var json = JSONWriter(reserving: 192)
    json.raw("data: {\"id\":")
    json.string(id)
    json.raw(",\"object\":\"chat.completion.chunk\",\"created\":")
    json.integer(created)
    json.raw(",\"model\":")
    json.string(model)
    json.raw(",\"choices\":[")
    head = json.bytes
  }

  /// One event for each delta: what the model sent in pieces stays in pieces. `id` gives them ids by their places.
  ///
  /// The first event of all never has metadata: OpenAI's clients make their answer of that one, and mind what they do
  /// not know of in it.
  func events(_ deltas: [ChatDelta], isFirst: Bool, id: ((Int) -> String)? = nil) -> ByteBuffer {
    let needsOpening = isFirst && deltas.first?.metadata != nil
    var json = JSONWriter(reserving: (deltas.count + (needsOpening ? 1 : 0)) * (head.count + 96))
    if needsOpening { event(ChatDelta(), isFirst: true, to: &json) }
    for (index, delta) in deltas.enumerated() {
      if let id { json.raw("id: \(id(index))\n".utf8) }
      event(delta, isFirst: isFirst && index == 0 && !needsOpening, to: &json)
    }
    return ByteBuffer(bytes: json.bytes)
  }

  private func event(_ delta: ChatDelta, isFirst: Bool, to json: inout JSONWriter) {
    json.raw(head)
    json.raw("{\"index\":0,\"delta\":{")
    if isFirst { json.raw("\"role\":\"assistant\"") }
    if let content = delta.content {
      json.member("content")
      json.string(content)
    }
    for (key, value) in delta.extra ?? [:] {
      json.member(key)
      json.value(value)
    }
    json.raw("},\"logprobs\":null,\"finish_reason\":null}]")
    if let metadata = delta.metadata {
      json.raw(",\"metadata\":")
      json.object(metadata)
    }
    json.raw("}\n\n")
  }

  /// The first event of an answer without any text.
  var opening: ByteBuffer { events([ChatDelta(content: "")], isFirst: true) }

  /// The last events of an answer: its end, its usage where it was asked for, and `[DONE]`.
  func closing(_ result: RunResult, _ call: ChatCall) -> ByteBuffer {
    var json = JSONWriter(reserving: 1024)
    json.raw(head)
    json.raw("{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":")
    json.string(result.completion.finishReason)
    json.raw("}]")
    if !call.includeUsage {
      json.raw(",\"usage\":")
      json.value(RunMetadata.usage(result.usage))
    }
    json.raw(",\"metadata\":")
    RunMetadata(result: result, call: call).write(to: &json)
    json.raw("}\n\n")
    if call.includeUsage {
      json.raw(head)
      json.raw("],\"usage\":")
      json.value(RunMetadata.usage(result.usage))
      json.raw("}\n\n")
    }
    json.raw("data: [DONE]\n\n")
    return ByteBuffer(bytes: json.bytes)
  }

  /// The last events of an answer that failed after it had begun.
  func failure(_ error: JSONValue) -> ByteBuffer {
    var json = JSONWriter(reserving: 512)
    json.raw(head)
    json.raw("{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"error\"}],\"error\":")
    json.value(error)
    json.raw("}\n\ndata: [DONE]\n\n")
    return ByteBuffer(bytes: json.bytes)
  }
}
