/// A step from a value to a part of it.
public enum JSONPathComponent: Sendable, Hashable, CustomStringConvertible {
  /// To the member of that name.
  case key(String)
  /// To the element at that place, counted from 0.
  case index(Int)

  /// The key or the index.
  public var description: String {
    switch self {
    case .key(let key): key
    case .index(let index): String(index)
    }
  }
}

extension Sequence<JSONPathComponent> {
  /// The path as a JSON Pointer by RFC 6901: empty for the whole value, else such as `/items/0`.
  public var jsonPointer: String {
    var text = ""
    for component in self {
      text += "/"
      switch component {
      case .key(let key): text += key.escapedForPointer
      case .index(let index): text += String(index)
      }
    }
    return text
  }
}

/// One way in which a value breaks a schema.
public struct JSONSchemaFault: Sendable, Hashable, CustomStringConvertible {
  /// The part of the value at fault; for a member's name that breaks `propertyNames`, that member.
  public let instancePath: [JSONPathComponent]
  /// The keyword that is not met, such as `minimum`; empty if a limit stopped the validation.
  public let keyword: String
  /// The value and what would be allowed.
  public let message: String
  /// Where the keyword stands, as a URI reference such as `#/properties/age/minimum`.
  public let schemaPath: String

  /// The part of the value at fault as a JSON Pointer; empty for the whole value.
  public var instancePointer: String { instancePath.jsonPointer }

  /// Pointer and message.
  public var description: String {
    instancePath.isEmpty ? message : "\(instancePointer): \(message)"
  }
}

extension String {
  /// With `~` and `/` escaped as RFC 6901 says.
  var escapedForPointer: String {
    guard utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return self }
    var text = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "~": text += "~0"
      case "/": text += "~1"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  /// With the escapes of RFC 6901 undone; nil for a `~` followed by neither 0 nor 1.
  var unescapedFromPointer: String? {
    guard utf8.contains(UInt8(ascii: "~")) else { return self }
    var text = ""
    var scalars = unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      guard scalar == "~" else { text.unicodeScalars.append(scalar); continue }
      switch scalars.next() {
      case "0": text += "~"
      case "1": text += "/"
      default: return nil
      }
    }
    return text
  }
}
