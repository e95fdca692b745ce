import AgentJSON

/// What a model is asked that composes an agent, and in which form it is to answer.
struct ComposePrompt: Sendable {
  let call: ComposeCall
  let template: TemplateVersion
  let toolsets: ToolsetOutline

  /// What the agent may be and how it is told of go first. What the caller wants stands in a message of its own: it is
  /// about the agent, and changes nothing of the form.
  var messages: [Message] {
    [
      Message(.system, rules),
      Message(
        .user,
        "Instructions for the agent:\n\n\(call.instructions)\n\nDo not carry them out: answer with the definition of "
          + "an agent that does, as one JSON object."),
    ]
  }

  /// For `response_format`.
  var responseFormat: JSONValue {
    ["type": "json_schema", "json_schema": ["name": "agent", "strict": true, "schema": schema]]
  }

  private var rules: String {
    """
    You define agents for a platform. An agent is made of a template and of what is filled into it. Define one agent \
    that does what the instructions ask for.

    The template is \(template.about.id) (\(template.about.displayName), type \(template.about.type)):
    \(template.about.description)

    Answer with one JSON object of these members and nothing else, no Markdown and no words around it:
    \(members.joined(separator: "\n"))

    Write what people read, and the system prompt, in the language of the instructions.
    """
  }

  private var members: [String] {
    var members = [#"- "reasoning": a string: in a few sentences, why the agent is defined as it is"#]
    if let name = call.name {
      members[0] += "; its name is given: \(JSONValue.string(name).encodedText)"
    } else {
      members.append(#"- "name": a string of 1 to 100 characters: what the agent is called"#)
    }
    members += [
      #"- "description": a string: what the agent is for, in one or two sentences"#,
      #"- "system_prompt": a string: what the agent's model is told: who it is, what it does, how it answers, "#
        + "and what it must not do",
      "- \"template_config\": an object: the template's settings, each with a value that suits the instructions. "
        + "It must fit this JSON Schema:\n\(settings.encodedText)",
    ]
    if !toolsets.names.isEmpty { members.append(tools) }
    return members
  }

  private var tools: String {
    var text =
      "- \"toolsets\": an array of names: the toolsets that the agent needs, which may be none, out of these:\n"
    text += toolsets.text
    guard !call.toolsets.isEmpty else { return text }
    return text + "\n  The agent gets these anyway: \(call.toolsets.joined(separator: ", "))"
  }

  private var settings: JSONValue { template.json["jsonSchema"] ?? [:] }

  private var schema: JSONValue {
    let text: JSONValue = ["type": "string"]
    var members: JSONObject = ["reasoning": text]
    if call.name == nil { members["name"] = text }
    members["description"] = text
    members["system_prompt"] = text
    members["template_config"] = settings
    if !toolsets.names.isEmpty {
      let names = toolsets.names.map { JSONValue.string($0) }
      members["toolsets"] = ["type": "array", "items": ["type": "string", "enum": .array(names)]]
    }
    return StrictSchema.of(["type": "object", "properties": .object(members)])
  }
}
