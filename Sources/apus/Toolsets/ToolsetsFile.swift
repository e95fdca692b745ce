import AgentJSON
import AgentRuntime
import AgentTools

/// Reads the content of a toolsets file (TOOLSETS_FILE), collecting all faults.
struct ToolsetsFile {
  /// Makes the source of a set from its own part of the file; nil where faults were left in the reader.
  typealias MakeSource = (_ kind: Kind, _ name: String, _ reader: inout ObjectReader) -> (any ToolSource)?

  /// The members that name where tools come from; each set has one of them.
  enum Kind: String, CaseIterable {
    case builtin
    case codeInterpreter = "code_interpreter"
    case mcp
  }

  private static let namesMax = 128

  private(set) var faults: [Fault] = []
  private let make: MakeSource

  init(make: @escaping MakeSource) { self.make = make }

  mutating func toolsets(_ file: JSONValue) -> [Toolset] {
    guard let object = file.objectValue else {
      faults.append(Fault(path: [], message: "the file must hold an object with 'toolsets'", type: "wrong_type"))
      return []
    }
    var reader = ObjectReader(object, path: [])
    reader.refuseMembers(besides: ["toolsets"])
    let sets = reader.object("toolsets")
    if reader.value("toolsets") == nil { reader.fault("toolsets", "is required: toolsets by their names", "missing") }
    faults += reader.faults
    return (sets ?? [:]).compactMap { toolset($0.key, $0.value) }
  }

  private mutating func toolset(_ name: String, _ value: JSONValue) -> Toolset? {
    let path: [Fault.Step] = [.key("toolsets"), .key(name)]
    guard let object = value.objectValue else {
      faults.append(Fault(path: path, message: "\(value.excerpt) is not an object", type: "wrong_type"))
      return nil
    }
    var reader = ObjectReader(object, path: path)
    defer { faults += reader.faults }
    reader.refuseMembers(besides: Kind.allCases.map(\.rawValue) + ["tools", "approval", "timeout", "output_max"])
    if !(1...Self.namesMax).contains(name.utf8.count) {
      reader.faultHere("the name has \(name.utf8.count) bytes, not 1 to \(Self.namesMax)", "wrong_length")
    }
    let policy = Self.policy(&reader)
    guard let kind = Self.kind(&reader), let inner = reader.object(kind.rawValue) else { return nil }
    var part = ObjectReader(inner, path: path + [.key(kind.rawValue)])
    let source = make(kind, name, &part)
    reader.add(part.faults)
    return source.map { Toolset(name: name, source: $0, policy: policy.outlasting($0)) }
  }

  private static func kind(_ reader: inout ObjectReader) -> Kind? {
    let given = Kind.allCases.filter { reader.value($0.rawValue) != nil }
    if given.count == 1 { return given[0] }
    let said = given.isEmpty ? "none is given" : "\(given.map(\.rawValue).joined(separator: " and ")) are given"
    reader.faultHere("needs one of \(Kind.allCases.map(\.rawValue).joined(separator: ", ")): \(said)", "missing")
    return nil
  }

  private static func policy(_ reader: inout ObjectReader) -> ToolsetPolicy {
    var policy = ToolsetPolicy()
    if let names = names("tools", &reader) { policy.tools = names }
    if reader.value("approval")?.boolValue == true {
      policy.approval = .always
    } else if reader.value("approval")?.boolValue == nil, let names = names("approval", &reader) {
      policy.approval = .tools(names)
    }
    if let seconds = reader.number("timeout", 0.1...3600) { policy.timeout = .milliseconds(Int(seconds * 1000)) }
    if let count = reader.integer("output_max", 256...(8 << 20)) { policy.outputBytesMax = count }
    return policy
  }

  private static func names(_ key: String, _ reader: inout ObjectReader) -> Set<String>? {
    guard let value = reader.value(key) else { return nil }
    guard let list = value.arrayValue, list.allSatisfy({ $0.stringValue != nil }) else {
      let allowed = key == "approval" ? "true, false or a list of tools' names" : "a list of tools' names"
      reader.fault(key, "\(value.excerpt) is not \(allowed)", "wrong_type")
      return nil
    }
    return Set(list.compactMap(\.stringValue))
  }
}

extension ToolsetPolicy {
  /// Code may take as long as its own part of the file says.
  fileprivate func outlasting(_ source: any ToolSource) -> ToolsetPolicy {
    guard let interpreter = source as? CodeInterpreterSource else { return self }
    var policy = self
    policy.timeout = max(timeout, interpreter.patience)
    return policy
  }
}
