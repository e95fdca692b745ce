import AgentJSON
import AgentRuntime
import Yams

/// A configuration file in YAML, as a JSON value that remembers the lines.
///
/// Taken is what YAML 1.2 calls the core schema, in one document; keys are text. Anchors and aliases work, merge keys
/// (`<<`) do not.
struct YAMLFile: Sendable {
  /// Bytes of a file.
  static let bytesMax = 1 << 20

  /// The file, as the setting names it.
  let name: String
  /// What it says; `null` for an empty one.
  let value: JSONValue
  private let place: YAMLPlace

  /// Reads YAML text. Throws all that is wrong with it as YAML.
  init(name: String, text: String) throws(ConfigurationFileError) {
    self.name = name
    if let problem = YAMLAliasScan(text).problem { throw ConfigurationFileError(file: name, problems: [problem]) }
    var converter = YAMLConverter()
    do {
      let root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
      (value, place) = root.map { converter.convert($0) } ?? (.null, YAMLPlace(line: 1))
    } catch {
      throw ConfigurationFileError(file: name, problems: [.init(syntax: error)])
    }
    guard converter.problems.isEmpty else { throw ConfigurationFileError(file: name, problems: converter.problems) }
  }

  /// The line on which the value at a path stands: that of its key, or where it is missing, that of the nearest one
  /// around it.
  func line(of path: [Fault.Step]) -> Int {
    var place = place
    for step in path {
      let next: YAMLPlace? =
        switch step {
        case .key(let key): place.members[key]
        case .index(let index): place.items.indices.contains(index) ? place.items[index] : nil
        }
      guard let next else { break }
      place = next
    }
    return place.line
  }

  /// The error that tells of faults which a decoder found; their paths begin at the file's root.
  func error(_ faults: [Fault]) -> ConfigurationFileError {
    ConfigurationFileError(
      file: name,
      problems: faults.map { fault in
        .init(line: line(of: fault.path), path: fault.pathText, message: fault.message)
      })
  }

  /// What `decode` makes of the file's object. Throws every fault that the reader holds afterwards, with its line.
  func decode<Value>(_ decode: (inout ObjectReader) -> Value) throws(ConfigurationFileError) -> Value {
    var reader = ObjectReader(try object(), path: [])
    let value = decode(&reader)
    guard reader.faults.isEmpty else { throw error(reader.faults) }
    return value
  }

  /// The file's object. Throws where it is something else.
  func object() throws(ConfigurationFileError) -> JSONObject {
    if let object = value.objectValue { return object }
    let found = value.isNull ? "nothing" : "\(value.typeName)"
    throw error([Fault(path: [], message: "the file holds \(found), not a mapping (key: value)", type: "wrong_type")])
  }
}

/// Where a value and all within it stand.
struct YAMLPlace: Sendable {
  /// From 1.
  var line: Int
  /// Those of a mapping's values.
  var members: [String: YAMLPlace] = [:]
  /// Those of a sequence's items.
  var items: [YAMLPlace] = []
}

extension ConfigurationFileError.Problem {
  /// What the parser says of text that is no YAML.
  fileprivate init(syntax error: any Error) {
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let within = context.map { " (\($0.text), from line \($0.mark.line) on)" } ?? ""
      self.init(line: mark.line, column: mark.column, message: problem + within)
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.sorted().map(\.quoted).joined(separator: ", ")
      // The parser tells the first place alone.
      self.init(
        line: context.mark.line,
        message: "more than one value for \(names) in one mapping, of which the first is here; one is allowed")
    case .reader(let problem, let offset, let value, let text):
      let before = text.prefix(offset ?? 0).unicodeScalars.count { $0 == "\n" }
      let code = value >= 0 ? " (U+\(String(value, radix: 16, uppercase: true)))" : ""
      self.init(line: offset.map { _ in before + 1 }, message: problem + code)
    default: self.init(message: "cannot be parsed: \(error)")
    }
  }
}
