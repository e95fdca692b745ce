import AgentJSON
public import AgentRuntime

/// How to reach an MCP server: by HTTP, or as a child process.
public struct MCPServerConfiguration: Sendable, CustomStringConvertible, CustomReflectable {
  struct Endpoint: Sendable {
    var url: String
    var headers: [(name: String, value: String)]
  }
  struct Command: Sendable {
    var path: String
    var arguments: [String]
    var directory: String?
    /// All that the child sees.
    var environment: [String: String]
  }
  enum Way: Sendable {
    case http(Endpoint)
    case child(Command)
  }

  /// The server's name in logs and health.
  public let name: String
  let way: Way

  /// The members that it reads.
  public static let members: Set = ["url", "headers", "command", "args", "env", "cwd"]
  private static let listMax = 256

  /// Without values: headers and environment hold secrets.
  public var description: String {
    switch way {
    case .http(let endpoint): "\(name) (\(endpoint.url))"
    case .child(let command): "\(name) (\(command.path))"
    }
  }
  /// A mirror without children.
  public var customMirror: Mirror { Mirror(self, children: []) }

  /// Reads `url` and `headers`, or `command`, `args`, `env` and `cwd`; nil with faults noted in the reader.
  ///
  /// `${NAME}` in a header's or a variable's value stands for that variable of `environment`. A child sees `PATH`,
  /// `HOME`, `LANG` and what `env` names, no more: the rest of ours holds keys that are none of its business.
  /// Members outside `members` and `others` are faults.
  public init?(name: String, _ reader: inout ObjectReader, environment: [String: String], others: Set<String> = []) {
    let faultsBefore = reader.faults.count
    for key in reader.object.keys where !Self.members.contains(key) && !others.contains(key) {
      reader.fault(key, "is unknown; allowed are \(Self.members.union(others).sorted())", "unknown")
    }
    self.name = name
    let url = reader.string("url", length: 1...2048)
    let command = reader.string("command", length: 1...4096)
    let isHTTP = url != nil
    if (url == nil) == (command == nil), reader.faults.count == faultsBefore {
      reader.faultHere("needs either 'url' or 'command'", "missing")
    }
    for key in isHTTP ? ["args", "env", "cwd"] : ["headers"] where reader.value(key) != nil {
      reader.fault(key, "does not go with '\(isHTTP ? "url" : "command")'", "not_allowed")
    }
    if let url {
      if !url.hasPrefix("http://"), !url.hasPrefix("https://") {
        reader.fault("url", "'\(url.prefix(80))' does not begin with http:// or https://", "pattern")
      }
      let headers = Self.texts("headers", &reader, environment)
      way = .http(Endpoint(url: url, headers: headers))
    } else {
      let arguments = Self.arguments(&reader)
      let own = Self.texts("env", &reader, environment)
      let inherited = environment.filter { ["PATH", "HOME", "LANG"].contains($0.key) }
      way = .child(
        Command(
          path: command ?? "", arguments: arguments, directory: reader.string("cwd", length: 1...4096),
          environment: inherited.merging(own) { $1 }))
    }
    if reader.faults.count > faultsBefore { return nil }
  }

  private static func arguments(_ reader: inout ObjectReader) -> [String] {
    let values = reader.array("args") ?? []
    if values.count > listMax { reader.fault("args", "has more than \(listMax) elements", "too_long") }
    let texts = values.compactMap(\.stringValue)
    if texts.count < values.count || texts.contains(where: { $0.utf8.contains(0) }) {
      reader.fault("args", "has elements that are not texts", "wrong_type")
    }
    return texts
  }

  private static func texts(
    _ key: String, _ reader: inout ObjectReader, _ environment: [String: String]
  ) -> [(name: String, value: String)] {
    var texts: [(name: String, value: String)] = []
    let object = reader.object(key) ?? [:]
    if object.count > listMax { reader.fault(key, "has more than \(listMax) members", "too_long") }
    for (name, value) in object.prefix(listMax) {
      guard let text = value.stringValue, isName(name) else {
        reader.fault(key, "'\(name.prefix(80))' is not a name with a text", "wrong_type")
        continue
      }
      let (expanded, missing) = expand(text, environment)
      for variable in missing {
        reader.fault(key, "'\(name)' needs the environment variable \(variable.prefix(80)), which is not set", "unset")
      }
      if expanded.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
        reader.fault(key, "the value of '\(name)' holds control characters", "pattern")
      }
      texts.append((name, expanded))
    }
    return texts
  }

  private static func isName(_ name: String) -> Bool {
    (1...128).contains(name.utf8.count)
      && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ":") }
  }

  /// Replaces each `${NAME}`; what is not set is told.
  static func expand(_ text: String, _ environment: [String: String]) -> (text: String, missing: [String]) {
    var result = ""
    var missing: [String] = []
    var rest = text[...]
    while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
      result += rest[..<start.lowerBound]
      let name = String(rest[start.upperBound..<end])
      if let value = environment[name] { result += value } else { missing.append(name) }
      rest = rest[rest.index(after: end)...]
    }
    return (result + rest, missing)
  }
}
