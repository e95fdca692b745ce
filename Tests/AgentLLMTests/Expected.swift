import AgentRuntime

/// What each transcript of chat completions means; read out of the recorded bytes by other code than ours.
enum Expected: Sendable {
  /// `text` is the content, `calls` are name and arguments, `tokens` prompt and completion.
  case answer(
    _ finishReason: String, _ text: String = "", calls: [String] = [], tokens: [Int]? = nil, deltas: Int? = nil)
  /// `status` is the upstream's, `text` a part of the message.
  case failure(ModelError.Kind, _ status: Int?, _ text: String, deltas: Int = 0)

  static let all: [String: Expected] = [
    "auth-missing": .failure(.misconfigured, 401, "Invalid API Key"),
    "auth-ok": .answer("length", "Hello, world", tokens: [25, 3]),
    "auth-wrong": .failure(.misconfigured, 401, "Invalid API Key"),
    "chat-basic": .answer("stop", "Hello, world!", tokens: [25, 5]),
    "chat-developer-role": .answer("stop", "Bonjour! Comment puis-je vous aider aujourd'hui?", tokens: [20, 12]),
    "chat-logprobs-stream": .answer("length", "Hello, world!", deltas: 4),
    "chat-logprobs": .answer("length", "Hello, world!", tokens: [25, 4]),
    "chat-max-completion-tokens": .answer("length", "Hello, world", tokens: [25, 3]),
    "chat-maxtok": .answer("length", "Hello, world", tokens: [25, 3]),
    "chat-n2-stream": .answer("stop", "Hello, World!", tokens: [25, 5], deltas: 4),
    "chat-n2": .answer("stop", "Hello, World!", tokens: [25, 5]),
    "chat-on-embedding-server": .answer("length", "Hello, world", tokens: [25, 3]),
    "chat-parts": .answer("stop", "Hello! How can I assist you today?", tokens: [23, 10]),
    "chat-stop": .answer("stop", "1, 2, 3, 4, ", tokens: [30, 13]),
    "chat-stream-nousage": .answer("stop", "Hello, world!", deltas: 4),
    "chat-stream-obfuscation": .answer("stop", "Hello, world!", tokens: [25, 5], deltas: 4),
    "chat-stream-usage": .answer("stop", "Hello, world!", tokens: [25, 5], deltas: 4),
    "client-abort-stream": .failure(.unavailable, nil, "the connection was lost", deltas: 10),
    "err-array": .failure(.rejected, 400, "'messages' is required"),
    "err-bad-role": .answer("length", "# Introduction to Data", tokens: [14, 4]),
    "err-badjson": .failure(.rejected, 400, "[json.exception.parse_error.101] parse e"),
    "err-ctx-stream": .failure(.rejected, 400, "request (9020 tokens) exceeds the availa"),
    "err-ctx": .failure(.rejected, 400, "request (9020 tokens) exceeds the availa"),
    "err-empty": .failure(.rejected, 400, "[json.exception.parse_error.101] parse e"),
    "err-image": .failure(.unavailable, 500, "image input is not supported - hint: if "),
    "err-maxtok-negative": .failure(.rejected, 400, "Field 'max_tokens': Value must be betwee"),
    "err-maxtok-zero": .answer("length", "Hello", tokens: [25, 1]),
    "err-messages-string": .failure(.rejected, 400, "Expected 'messages' to be an array"),
    "err-n-many": .failure(.rejected, 400, "Field 'n': Value must be between 1 <= va"),
    "err-named-tool-stream": .answer("tool_calls", calls: ["calculate {\"expression\": \"2 + 2 = 4\"}"], deltas: 11),
    "err-no-messages": .failure(.rejected, 400, "'messages' is required"),
    "err-temp-string": .failure(.rejected, 400, "Field 'temperature': [json.exception.typ"),
    "err-tool-choice-bad": .failure(.rejected, 400, "Invalid tool_choice: sometimes"),
    "err-tools-nofunc": .failure(.unavailable, 500, "Failed to parse tools: Missing tool func"),
    "err-top-logprobs": .failure(.rejected, 400, "top_logprobs requires logprobs to be set"),
    "err-unknown-model": .answer("stop", "Hello, world!", tokens: [25, 5]),
    "err-unparsable-output-stream": .failure(.brokenAnswer, nil, "The model produced output that does not ", deltas: 0),
    "err-unparsable-output": .failure(.unavailable, 500, "The model produced output that does not "),
    "expect-100": .answer("length", "Hello, world", tokens: [25, 3]),
    "gzip-body": .answer("stop", "Hello, world!", tokens: [25, 5]),
    "http10-stream": .answer("stop", "Hello, world!", tokens: [25, 5], deltas: 4),
    "http10": .answer("length", "Hello, world", tokens: [25, 3]),
    "loading-chat": .failure(.unavailable, 503, "Loading model"),
    "no-content-type": .answer("length", "Hello, world", tokens: [25, 3]),
    "rf-bad-schema": .failure(.rejected, 400, "Unable to generate parser for this templ"),
    "rf-bad-type": .failure(.rejected, 400, "response_format type must be one of \"tex"),
    "rf-json-object": .answer("stop", "{\n  \"name\": \"John Doe\",\n  \"age\": 30\n}", tokens: [32, 19]),
    "rf-schema-cut": .answer("length", "{\n ", tokens: [24, 5]),
    "rf-schema-stream": .answer("stop", "{\n  \"name\": \"John Doe\",\n  \"age\": 30\n}", deltas: 18),
    "rf-schema": .answer("stop", "{\n  \"name\": \"John Doe\",\n  \"age\": 30\n}", tokens: [24, 23]),
    "server-killed-stream": .failure(.unavailable, nil, "the connection was lost", deltas: 60),
    "sse-ping": .answer("length", "The quick brown fox jumps over the lazy", deltas: 8),
    "tools-auto-stream":
      .answer("tool_calls", calls: ["get_weather {\"city\": \"Oslo\"}"], tokens: [185, 18], deltas: 8),
    "tools-auto-text-stream": .answer("tool_calls", calls: ["get_weather {\"city\": \"London\"}"], deltas: 7),
    "tools-auto-text": .answer("tool_calls", calls: ["get_weather {\"city\": \"London\"}"], tokens: [184, 17]),
    "tools-auto": .answer("tool_calls", calls: ["get_weather {\"city\": \"Oslo\"}"], tokens: [185, 18]),
    "tools-cut-maxtok-stream": .answer("length", calls: ["get_weather {"], deltas: 1),
    "tools-cut-maxtok": .answer("length", calls: ["get_weather {"], tokens: [185, 8]),
    "tools-named": .failure(.unavailable, 500, "The model produced output that does not "),
    "tools-none":
      .answer("stop", "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}", tokens: [185, 18]),
    "tools-parallel-stream":
      .answer(
        "tool_calls",
        "```json\n",
        calls: ["get_weather {\"city\": \"Oslo\"}", "get_weather {\"city\": \"Rome\"}"],
        deltas: 19
      ),
    "tools-parallel":
      .answer(
        "tool_calls",
        "```json\n",
        calls: ["get_weather {\"city\": \"Oslo\"}", "get_weather {\"city\": \"Rome\"}"],
        tokens: [192, 38]
      ),
    "tools-required-stream": .answer("tool_calls", calls: ["get_weather {\"city\": \"London\"}"], deltas: 7),
    "tools-required": .answer("tool_calls", calls: ["get_weather {\"city\": \"London\"}"], tokens: [184, 17]),
    "tools-result":
      .answer("stop", "The temperature in Oslo is -3 degrees Celsius and the sky is snow.", tokens: [245, 16]),
    "unknown-field": .answer("length", "Hello, world!", tokens: [25, 4]),
  ]
}
