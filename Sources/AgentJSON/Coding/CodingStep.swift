/// One step of a coding path, kept as it came, since paths are wanted in errors alone.
enum CodingStep {
  case key(any CodingKey)
  case name(String)
  case index(Int)

  var key: any CodingKey {
    switch self {
    case .key(let key): key
    case .name(let name): CodingPathKey(stringValue: name)
    case .index(let index): CodingPathKey(index: index)
    }
  }
}

/// A key that is not of the coded type's own making.
struct CodingPathKey: CodingKey {
  /// The key of `superEncoder()` and `superDecoder()`, as the standard library wants it.
  static let superKey = CodingPathKey(stringValue: "super")

  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = Int(stringValue)
  }

  init(intValue: Int) {
    stringValue = String(intValue)
    self.intValue = intValue
  }

  init(index: Int) {
    stringValue = "Index \(index)"
    intValue = index
  }
}

extension [any CodingKey] {
  /// The path for messages, as in `messages[3].role`.
  var placeName: String {
    guard !isEmpty else { return "the top level" }
    var text = ""
    for key in self {
      if let index = key.intValue, key.stringValue == "Index \(index)" {
        text += "[\(index)]"
      } else {
        text += (text.isEmpty ? "" : ".") + key.stringValue
      }
    }
    return text
  }
}
