import AgentJSON

/// What `response_format` asks of an answer.
struct AnswerFormat: Sendable {
  /// nil: any JSON object.
  private let schema: JSONSchema?

  /// Reads the request's `response_format`, leaving faults in the reader; nil where any text will do.
  init?(_ reader: inout ObjectReader) {
    guard let format = reader.object("response_format") else { return nil }
    switch format["type"]?.stringValue {
    case "json_object"?: schema = nil
    case "json_schema"?:
      guard let document = format["json_schema"]?["schema"] else {
        // The name alone is allowed: then the model decides, and there is nothing to check.
        guard format["json_schema"]?.objectValue != nil else {
          reader.fault("response_format", "needs a 'json_schema' object with a 'schema'", "missing")
          return nil
        }
        return nil
      }
      do {
        schema = try JSONSchema(document)
      } catch {
        reader.fault("response_format", "json_schema.schema cannot be used: \(error)", "invalid_schema")
        return nil
      }
    case .some: return nil
    case nil:
      reader.fault("response_format", "needs a 'type': text, json_object or json_schema", "missing")
      return nil
    }
  }

  /// What is wrong with an answer; nil where it is as asked for.
  func fault(in text: String) -> String? {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: text)
    } catch {
      return "It is not JSON: \(error)."
    }
    return fault(in: value)
  }

  /// The same of one that was parsed.
  func fault(in value: JSONValue) -> String? {
    if let schema { return schema.fault(in: value) }
    return value.objectValue == nil ? "It is no JSON object." : nil
  }
}

extension JSONSchema {
  /// What is wrong with a value, in a sentence for the model; nil where it fits.
  func fault(in value: JSONValue) -> String? {
    let faults = validate(value)
    return faults.isEmpty ? nil : faults.prefix(20).map { "\($0)" }.joined(separator: "; ") + "."
  }
}

extension Message {
  /// What the model is told of an answer that was not as it should be.
  static func correction(_ fault: String) -> Message {
    Message(
      .user, "Your answer does not fit the required format. \(fault) Answer again, with the corrected JSON alone.")
  }
}

extension AgentRun {
  /// Asks the model, and holds its answer against the request's `response_format`. One that does not fit is sent back
  /// once with its faults. A stream has been read by then: there the fault is told as a warning.
  func checkedAnswer(_ messages: [Message], offering offer: ToolOffer? = nil) async throws -> ChatCompletion {
    let first = try await answer(messages, offering: offer)
    guard let fault = fault(of: first) else { return first }
    guard sink == nil else {
      record.warn("The answer does not fit the request's response_format: \(fault)")
      return first
    }
    let second = try await answer(messages + [first.message, .correction(fault)], offering: offer)
    guard let fault = self.fault(of: second) else { return second }
    throw RuntimeError(
      .execution, "The model's answer does not fit the request's response_format, nor did its second try: \(fault)",
      shouldRetry: false)
  }

  private func fault(of completion: ChatCompletion) -> String? {
    // A cut answer, a refusal or a call is what it is, and the caller sees that.
    guard let format = call.answerFormat, completion.finishReason == "stop", !completion.message.hasToolCalls,
      completion.message.json["refusal"]?.stringValue == nil
    else { return nil }
    return format.fault(in: completion.message.text)
  }
}
