public import AgentJSON

/// Reads the members of an object, collecting every fault with its path; absent members and null are the same.
public struct ObjectReader: Sendable {
  /// What is read.
  public let object: JSONObject
  /// Where it stands.
  public let path: [Fault.Step]
  /// What is wrong with it so far, at most `faultsMax`.
  public private(set) var faults: [Fault] = []

  /// Reads `object`, which stands at `path`.
  public init(_ object: JSONObject, path: [Fault.Step]) {
    self.object = object
    self.path = path
  }

  /// Notes a fault of a member.
  public mutating func fault(_ key: String, _ message: String, _ type: String) {
    add([Fault(path: path + [.key(key)], message: message, type: type)])
  }

  /// Notes a fault of the object itself.
  public mutating func faultHere(_ message: String, _ type: String) {
    add([Fault(path: path, message: message, type: type)])
  }

  /// More than these are not told: whoever sends millions of them is not helped by a list of millions.
  public static let faultsMax = 100

  /// Whether no more faults are taken.
  public var isFull: Bool { faults.count >= Self.faultsMax }

  /// Takes over faults, such as those of an inner object.
  public mutating func add(_ faults: [Fault]) { self.faults += faults.prefix(Self.faultsMax - self.faults.count) }

  /// The member, unless it is absent or null.
  public func value(_ key: String) -> JSONValue? {
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  private mutating func read<Value>(_ key: String, _ expected: String, _ read: (JSONValue) -> Value?) -> Value? {
    guard let json = value(key) else { return nil }
    guard let value = read(json) else {
      fault(key, "\(json.excerpt) is not \(expected)", "wrong_type")
      return nil
    }
    return value
  }

  /// The member if it is a boolean; another type is a fault.
  public mutating func bool(_ key: String) -> Bool? { read(key, "true or false", \.boolValue) }

  /// The member if it is an object; another type is a fault.
  public mutating func object(_ key: String) -> JSONObject? { read(key, "an object", \.objectValue) }

  /// The member if it is an array; another type is a fault.
  public mutating func array(_ key: String) -> [JSONValue]? { read(key, "an array", \.arrayValue) }

  /// The member if it is a string of so many characters; anything else is a fault.
  public mutating func string(_ key: String, length: ClosedRange<Int> = 0...Int.max) -> String? {
    guard let text = read(key, "a string", \.stringValue) else { return nil }
    if length == 0...Int.max { return text }
    let count = text.unicodeScalars.count
    guard length.contains(count) else {
      fault(key, "has \(count) characters, not \(length.lowerBound) to \(length.upperBound)", "wrong_length")
      return nil
    }
    return text
  }

  /// The member if it is a whole number in the range; anything else is a fault.
  public mutating func integer(_ key: String, _ range: ClosedRange<Int> = Int.min...Int.max) -> Int? {
    guard let number = read(key, "a whole number", \.intValue) else { return nil }
    guard range.contains(number) else {
      let allowed =
        range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
      fault(key, "\(number) is not \(allowed)", "out_of_range")
      return nil
    }
    return number
  }

  /// The member if it is a number in the range; anything else is a fault.
  public mutating func number(_ key: String, _ range: ClosedRange<Double>) -> Double? {
    guard let number = read(key, "a number", \.doubleValue) else { return nil }
    guard range.contains(number) else {
      fault(
        key,
        "\(number) is not \(range.lowerBound.settingJSON.encodedText) to \(range.upperBound.settingJSON.encodedText)",
        "out_of_range")
      return nil
    }
    return number
  }

  /// The member if it is one of the type's names; anything else is a fault.
  public mutating func choice<Value: RawRepresentable & CaseIterable>(_ key: String, _ type: Value.Type) -> Value?
  where Value.RawValue == String {
    guard let text = string(key) else { return nil }
    guard let value = Value(rawValue: text) else {
      let allowed = Value.allCases.map(\.rawValue).joined(separator: ", ")
      fault(key, "'\(text.prefix(80))' is not one of \(allowed)", "not_allowed")
      return nil
    }
    return value
  }

  /// An id that may stand in a path and a header: 1..128 of `A-Za-z0-9._:-`.
  public mutating func identifier(_ key: String) -> String? {
    guard let text = string(key) else { return nil }
    guard AgentDefinition.isValidID(text) else {
      fault(key, "'\(text.prefix(80))' is not 1 to 128 characters of A-Z a-z 0-9 . _ : -", "pattern")
      return nil
    }
    return text
  }
}

extension AgentDefinition {
  /// Whether a text can be an agent's or a line's id: 1..128 of `A-Za-z0-9._:-` (contract §2).
  public static func isValidID(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count) && text != "." && text != ".."
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
          UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}

extension ObjectReader {
  /// Notes a fault for each member that is not among these: in a file it is a misspelling.
  public mutating func refuseMembers(besides names: [String]) {
    for key in object.keys where !names.contains(key) && !isFull {
      fault(key, "is not known; allowed are \(names.joined(separator: ", "))", "unknown")
    }
  }
}
