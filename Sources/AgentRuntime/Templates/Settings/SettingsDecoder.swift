import AgentJSON

/// Collects what is found while settings are read. One decoding owns it, on one task.
final class SettingFindings {
  var faults: [Fault] = []
  var warnings: [String] = []

  func add(_ path: [Fault.Step], _ message: String, _ type: String) {
    faults.append(Fault(path: path, message: message, type: type))
  }
}

/// Lets the compiler's own `init(from:)` of a settings struct read a `template_config`: the struct's properties ask
/// for their section, the section's for their setting, and each gets its declaration along with its value.
struct SettingsDecoder: Decoder {
  let outline: SettingsOutline
  let config: JSONObject
  let path: [Fault.Step]
  let findings: SettingFindings
  var section: SettingsOutline.Section?

  init(outline: SettingsOutline, config: JSONObject, path: [Fault.Step], findings: SettingFindings) {
    self.outline = outline
    self.config = config
    self.path = path
    self.findings = findings
  }

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(SettingsContainer<Key>(decoder: self))
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Self.unsupported }
  func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Self.unsupported }

  static var unsupported: DecodingError {
    .dataCorrupted(.init(codingPath: [], debugDescription: "A settings type holds sections, and sections settings."))
  }
}

/// Hands one setting its declaration and its value.
struct SettingDecoder: Decoder {
  let declaration: Any
  let value: JSONValue?
  let path: [Fault.Step]
  let findings: SettingFindings

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }
  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    throw SettingsDecoder.unsupported
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw SettingsDecoder.unsupported }
  func singleValueContainer() throws -> any SingleValueDecodingContainer { throw SettingsDecoder.unsupported }
}

private struct SettingsContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: SettingsDecoder

  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] { [] }
  func contains(_ key: Key) -> Bool { true }
  func decodeNil(forKey key: Key) throws -> Bool { false }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    let name = key.stringValue
    let path = decoder.path + [.key(name)]
    if let section = decoder.section {
      guard let declaration = section.settings.first(where: { $0.id == name })?.setting else {
        throw SettingsDecoder.unsupported
      }
      return try T(
        from: SettingDecoder(
          declaration: declaration, value: decoder.config[name], path: path, findings: decoder.findings))
    }
    guard let section = decoder.outline.sections.first(where: { $0.id == name }) else {
      throw SettingsDecoder.unsupported
    }
    var inner = SettingsDecoder(
      outline: decoder.outline, config: decoder.config[name]?.objectValue ?? [:], path: path,
      findings: decoder.findings)
    inner.section = section
    return try T(from: inner)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> { throw SettingsDecoder.unsupported }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    throw SettingsDecoder.unsupported
  }
  func superDecoder() throws -> any Decoder { throw SettingsDecoder.unsupported }
  func superDecoder(forKey key: Key) throws -> any Decoder { throw SettingsDecoder.unsupported }
}
