import AgentJSON
import AgentRuntime

extension ChatRequest {
  /// Members of the body that are ours to set, whatever the parameters hold.
  private static let reserved: Set<String> = ["model", "messages", "stream", "stream_options"]

  /// The body of `POST /chat/completions`.
  func openAIBody(model: String, streams: Bool) -> [UInt8] {
    var writer = JSONWriter(reserving: 4096)
    writer.raw("{")
    writer.member("model")
    writer.string(model)
    writer.member("messages")
    writer.raw("[")
    for message in messages {
      writer.separate()
      writer.object(message.json)
    }
    writer.raw("]")
    for (key, value) in parameters where !Self.reserved.contains(key) {
      writer.member(key)
      writer.value(value)
    }
    if streams { writeStreamOptions(&writer) }
    writer.raw("}")
    return writer.bytes
  }

  private func writeStreamOptions(_ writer: inout JSONWriter) {
    writer.member("stream")
    writer.bool(true)
    writer.member("stream_options")
    // The caller may ask for more, but not for less: the runtime needs the count.
    writer.raw("{\"include_usage\":true")
    for (key, value) in parameters["stream_options"]?.objectValue ?? [:] where key != "include_usage" {
      writer.member(key)
      writer.value(value)
    }
    writer.raw("}")
  }
}
