import AgentJSON
import Logging

/// The work of composing one agent: the model is asked, its answer is looked at as one that creates agents would, and
/// what is wrong goes back to the model.
struct Composition: Sendable {
  let call: ComposeCall
  let template: TemplateVersion
  /// The toolsets that were configured when the work began.
  let known: [String]
  /// What every call of the model has in common.
  let request: ChatRequest
  let model: any ChatModel
  let catalog: AgentCatalog
  let limits: RuntimeLimits
  /// Gets prompts and answers; nil where these may not be logged.
  let logger: Logger?
  let record: RunRecord

  /// The first answer and two repairs.
  private static let attemptsMax = 3

  /// Throws what the model throws as long as there is no proposal, and `CancellationError`.
  func proposal() async throws -> AgentProposal {
    let toolsets = try await ToolsetOutline(of: catalog.toolsets, suggested: call.toolsets)
    let prompt = ComposePrompt(call: call, template: template, toolsets: toolsets)
    var format: JSONValue? = prompt.responseFormat
    var last = try await ask(prompt.messages, &format)
    var best = try await look(at: last)
    var found = best
    var attempts = 1
    while attempts < Self.attemptsMax, let correction = found.correction(afterAttempt: attempts) {
      do {
        last = try await ask(prompt.messages + repair(last, correction), &format)
      } catch let error as ModelError where best.body != nil || error.kind == .rejected {
        // There is something to show. A refusal of the longer prompt is not about the caller's request.
        best.warnings.append("The model was asked to mend what it proposed, and failed: \(error.kind.rawValue)")
        break
      }
      attempts += 1
      found = try await look(at: last)
      if found.isAsGood(as: best) { best = found }
    }
    return AgentProposal(best, to: call, template: template.about, attempts: attempts)
  }

  /// What the answer was, and what is wrong with it.
  private func repair(_ completion: ChatCompletion, _ correction: String) -> [Message] {
    let said = completion.message.text.cutInMiddle(to: limits.taskOutputsLengthMax)
    return [Message(.assistant, said), .correction(correction)]
  }

  /// Asks once; again without a format where the model does not take one, and from then on. It is told in words, too.
  private func ask(_ messages: [Message], _ format: inout JSONValue?) async throws -> ChatCompletion {
    do {
      return try await ask(messages, format: format)
    } catch let error as ModelError where error.kind == .rejected && format != nil {
      format = nil
      return try await ask(messages, format: nil)
    }
  }

  private func ask(_ messages: [Message], format: JSONValue?) async throws -> ChatCompletion {
    var request = request
    request.messages = messages
    if let format { request.parameters["response_format"] = format }
    let completion = try await model.complete(request)
    record.add(completion.usage)
    logger?.info(
      "model call",
      metadata: [
        "request_id": "\(request.requestID)",
        "prompt": "\(JSONValue.array(messages.map { .object($0.json) }).encodedText)",
        "answer": "\(JSONValue.object(completion.message.json).encodedText)",
      ])
    return completion
  }

  /// Reads an answer, and holds it against what the creation of agents asks for.
  private func look(at completion: ChatCompletion) async throws -> ComposedAnswer {
    var answer = ComposedAnswer(completion, to: call, template: template, toolsets: known)
    guard let body = answer.body else { return answer }
    do {
      // What a model names is not fetched before somebody has read it: it may name anything.
      answer.warnings += try await catalog.draft(body, mayFetch: false).warnings
    } catch let error as RuntimeError where !error.faults.isEmpty {
      answer.faults += error.faults.map { fault in
        var fault = fault
        fault.path = ComposedAnswer.path + fault.path.dropFirst()
        return fault
      }
    }
    return answer
  }
}
