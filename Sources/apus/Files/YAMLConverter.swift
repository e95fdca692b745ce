import AgentJSON
import AgentRuntime
import Yams

/// Makes a JSON value of a YAML tree, and notes where everything stands.
struct YAMLConverter {
  /// Values of a file, those that aliases repeat counted each time: what else would "a billion laughs" come to?
  static let valuesMax = 50_000
  /// Mappings and sequences within each other.
  static let depthMax = 64

  /// What JSON has no place for, in the order found.
  private(set) var problems: [ConfigurationFileError.Problem] = []
  private var valueCount = 0
  private var path: [Fault.Step] = []

  /// The value and its places; `null` stands for what is faulty.
  mutating func convert(_ root: Node) -> (JSONValue, YAMLPlace) {
    convert(root, line: root.mark?.line ?? 1)
  }

  private mutating func convert(_ node: Node, line: Int) -> (JSONValue, YAMLPlace) {
    valueCount += 1
    guard valueCount <= Self.valuesMax else {
      if valueCount == Self.valuesMax + 1 {
        note(line, "more than \(Self.valuesMax) values in the file, those that aliases repeat counted each time")
      }
      return (.null, YAMLPlace(line: line))
    }
    guard path.count <= Self.depthMax else {
      note(line, "more than \(Self.depthMax) levels of mappings and sequences")
      return (.null, YAMLPlace(line: line))
    }
    switch node {
    case .scalar(let scalar): return (convert(scalar, line), YAMLPlace(line: line))
    case .mapping(let mapping): return convert(mapping, line)
    case .sequence(let sequence): return convert(sequence, line)
    case .alias: preconditionFailure("the parser puts the node itself in an alias's place")
    }
  }

  private mutating func convert(_ scalar: Node.Scalar, _ line: Int) -> JSONValue {
    do {
      return try YAMLScalar(text: scalar.string, tag: scalar.tag.rawValue, isPlain: scalar.style == .plain).json
    } catch {
      note(line, error.text)
      return .null
    }
  }

  private mutating func convert(_ mapping: Node.Mapping, _ line: Int) -> (JSONValue, YAMLPlace) {
    if !["", Tag.Name.map.rawValue].contains(mapping.tag.rawValue) { noteTag(mapping.tag, line) }
    var object = JSONObject()
    var place = YAMLPlace(line: line)
    for (key, value) in mapping where valueCount <= Self.valuesMax {
      let keyLine = key.mark?.line ?? line
      guard case .scalar(let name) = key else {
        note(keyLine, "a key that is a mapping or a sequence; keys are text")
        continue
      }
      path.append(.key(name.string))
      if name.string == "<<", name.style == .plain {
        note(keyLine, "merge keys are not supported; write the members out, or use an alias for the whole value")
      } else if object.contains(key: name.string) {
        note(keyLine, "more than one value for \(name.string.quoted) in one mapping; one is allowed")
      } else {
        (object[name.string], place.members[name.string]) = convert(value, line: keyLine)
      }
      path.removeLast()
    }
    return (.object(object), place)
  }

  private mutating func convert(_ sequence: Node.Sequence, _ line: Int) -> (JSONValue, YAMLPlace) {
    if !["", Tag.Name.seq.rawValue].contains(sequence.tag.rawValue) { noteTag(sequence.tag, line) }
    var array: [JSONValue] = []
    var place = YAMLPlace(line: line)
    for (index, item) in sequence.enumerated() where valueCount <= Self.valuesMax {
      path.append(.index(index))
      let (value, itemPlace) = convert(item, line: item.mark?.line ?? line)
      array.append(value)
      place.items.append(itemPlace)
      path.removeLast()
    }
    return (.array(array), place)
  }

  private mutating func noteTag(_ tag: Tag, _ line: Int) {
    note(line, "the tag \(tag.rawValue.quoted) is not known here; leave it out")
  }

  private mutating func note(_ line: Int, _ message: String) {
    // A line for each of a million repeated faults would help nobody.
    guard problems.count < ConfigurationFileError.problemsMax else { return }
    problems.append(.init(line: line, path: Fault(path: path, message: "", type: "").pathText, message: message))
  }
}
