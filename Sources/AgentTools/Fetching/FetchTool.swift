import AgentHTTP
import AgentJSON
import AgentRuntime

/// `http_fetch`: reads a page of an allowed host.
struct FetchTool: Tool {
  let fetcher: Fetcher

  let definition = ToolDefinition(
    name: "http_fetch",
    description: """
      Fetches a URL (http or https) of an allowed host and returns its text. HTML is reduced to readable text unless \
      raw is true. A long answer is cut.
      """,
    parameters: [
      "type": "object",
      "properties": [
        "url": ["type": "string", "description": "The absolute URL"],
        "method": ["type": "string", "enum": ["GET", "HEAD"], "description": "GET unless given"],
        "raw": ["type": "boolean", "description": "Return HTML as it is"],
      ],
      "required": ["url"],
      "additionalProperties": false,
    ])

  func call(_ arguments: JSONObject, _ context: ToolContext) async throws -> ToolOutput {
    guard let text = arguments["url"]?.stringValue else { throw ToolError("the argument url is missing") }
    let method = arguments["method"]?.stringValue == "HEAD" ? OutgoingRequest.Method.head : .get
    let url = try FetchURL(text)
    // The page's head and the note on what is missing have to fit in as well.
    let room = context.outputBytesMax - text.utf8.count - Self.frameBytes
    let bytesMax = min(fetcher.settings.bytesMax, max(room, Self.bodyBytesMin))
    let page = try await fetcher.page(url, method, bytesMax: bytesMax)
    let kind = ContentKind(page.answer.head)
    var lines = ["\(method == .head ? "HEAD" : "GET") \(page.url)", "status \(page.answer.head.status)"]
    if !kind.mediaType.isEmpty { lines.append("type \(kind.mediaType)") }
    if method == .head {
      if let length = kind.length { lines.append("length \(length)") }
    } else {
      lines += ["", Self.body(page.answer, kind, isRaw: arguments["raw"]?.boolValue == true, bytesMax)]
    }
    return ToolOutput(lines.joined(separator: "\n"), isError: page.answer.head.status >= 400)
  }

  private static let frameBytes = 256
  private static let bodyBytesMin = 128

  private static func body(_ answer: PinnedAnswer, _ kind: ContentKind, isRaw: Bool, _ bytesMax: Int) -> String {
    guard kind.isReadable else {
      let type = kind.mediaType.isEmpty ? "of no stated type" : kind.mediaType
      let charset = kind.charset == nil ? ", charset \(kind.charsetName ?? "unknown")" : ""
      let coding = kind.coding.map { ", encoded as \($0)" } ?? ""
      return "[The body is not shown: \(type)\(charset)\(coding), \(kind.length ?? "an unknown number of") bytes]"
    }
    let whole = kind.text(answer.bytes)
    let text = kind.isHTML && !isRaw ? PageText.reduce(whole) : whole
    return answer.isCut ? text + "\n[The rest was cut off: only the first \(bytesMax) bytes were read]" : text
  }
}
