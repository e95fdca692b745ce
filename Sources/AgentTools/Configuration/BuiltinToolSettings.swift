public import AgentJSON
public import AgentRuntime

/// The tools that Apus has of its own.
public enum BuiltinTool: String, Sendable, Hashable, CaseIterable {
  /// Tells the time in a time zone.
  case currentTime = "current_time"
  /// Computes arithmetic.
  case calculator
  /// Reads a page of an allowed host.
  case httpFetch = "http_fetch"
}

/// Which built-in tools are offered, and how.
public struct BuiltinToolSettings: Sendable, Hashable {
  /// The tools, in the order in which they are offered.
  public var tools: [BuiltinTool]
  /// What `http_fetch` may do; set wherever that is among the tools.
  public var fetch: FetchSettings?

  /// Makes settings.
  public init(tools: [BuiltinTool], fetch: FetchSettings? = nil) {
    self.tools = tools
    self.fetch = fetch
  }

  /// Reads `{tools: [...], http_fetch: {allow: [...], allow_private, bytes_max, timeout}}`; unknown members are faults.
  ///
  /// Returns nil with all faults if there is one.
  public static func decode(
    _ object: JSONObject, path: [Fault.Step]
  ) -> (settings: BuiltinToolSettings?, faults: [Fault]) {
    var reader = ObjectReader(object, path: path)
    reader.refuseUnknown(["tools", "http_fetch"])
    let tools = Self.tools(&reader)
    var fetch: FetchSettings?
    if let inner = reader.object("http_fetch") {
      var fetchReader = ObjectReader(inner, path: path + [.key("http_fetch")])
      fetch = FetchSettings(reading: &fetchReader)
      reader.add(fetchReader.faults)
    } else if tools.contains(.httpFetch), reader.value("http_fetch") == nil {
      reader.fault("http_fetch", "is missing: http_fetch needs a list of allowed hosts, http_fetch.allow", "missing")
    }
    let settings = BuiltinToolSettings(tools: tools, fetch: fetch)
    return reader.faults.isEmpty ? (settings, []) : (nil, reader.faults)
  }

  private static func tools(_ reader: inout ObjectReader) -> [BuiltinTool] {
    guard let names = reader.array("tools") else {
      if reader.value("tools") == nil {
        reader.fault("tools", "is missing: a list of \(Self.allowed)", "missing")
      }
      return []
    }
    var tools: [BuiltinTool] = []
    for (index, name) in names.enumerated() {
      let place = reader.path + [.key("tools"), .index(index)]
      guard let tool = name.stringValue.flatMap(BuiltinTool.init(rawValue:)) else {
        let message = "\(name.encodedText.prefix(80)) is not one of \(Self.allowed)"
        reader.add([Fault(path: place, message: message, type: "not_allowed")])
        continue
      }
      if tools.contains(tool) {
        reader.add([Fault(path: place, message: "\(tool.rawValue) is named twice", type: "duplicate")])
      } else {
        tools.append(tool)
      }
    }
    return tools
  }

  private static var allowed: String { BuiltinTool.allCases.map(\.rawValue).joined(separator: ", ") }
}

extension FetchSettings {
  private static let patternsMax = 200

  init(reading reader: inout ObjectReader) {
    reader.refuseUnknown(["allow", "allow_private", "bytes_max", "timeout"])
    self.init(allow: Self.patterns(&reader))
    if let flag = reader.bool("allow_private") { allowPrivate = flag }
    if let count = reader.integer("bytes_max", 1...(8 << 20)) { bytesMax = count }
    if let seconds = reader.number("timeout", 0.1...600) { timeout = .seconds(seconds) }
  }

  private static func patterns(_ reader: inout ObjectReader) -> [HostPattern] {
    guard let entries = reader.array("allow") else {
      if reader.value("allow") == nil {
        reader.fault("allow", "is missing: a list of hosts such as example.com or *.example.com:8443", "missing")
      }
      return []
    }
    guard (1...patternsMax).contains(entries.count) else {
      reader.fault("allow", "has \(entries.count) entries, not 1 to \(patternsMax)", "wrong_length")
      return []
    }
    var patterns: [HostPattern] = []
    for (index, entry) in entries.enumerated() {
      let place = reader.path + [.key("allow"), .index(index)]
      do {
        guard let text = entry.stringValue else {
          throw ToolError("\(entry.encodedText.prefix(80)) is not a host such as example.com or *.example.com:8443")
        }
        patterns.append(try HostPattern(text))
      } catch {
        reader.add([Fault(path: place, message: "\(error)", type: "pattern")])
      }
    }
    return patterns
  }
}

extension ObjectReader {
  fileprivate mutating func refuseUnknown(_ known: [String]) {
    for key in object.keys where !known.contains(key) {
      fault(key, "is not known; there are \(known.joined(separator: ", "))", "unknown_member")
    }
  }
}
