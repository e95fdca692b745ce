import AgentJSON

/// Finds the one JSON value in what a model said: the whole text, or what stands in a Markdown fence or between prose.
///
/// Nothing is mended: the value must be strict JSON. Where there are several, or one that is broken, that is a fault
/// that the model can be told of.
enum JSONExtraction: Sendable, Hashable {
  /// The value, and its text as it stands there.
  case found(JSONValue, text: String)
  /// Why there is none, in a sentence for the model.
  case fault(String)

  init(from text: String) {
    let text = text.trimmedOfMarks
    do {
      self = .found(try JSONValue(parsing: text), text: text)
    } catch {
      var candidates = JSONCandidates()
      let fences = MarkdownFences.contents(of: text)
      for content in fences { candidates.add(whole: content) }
      // A fence that holds no JSON may be an example of something else.
      if candidates.isEmpty { candidates.search(text) }
      self = candidates.choice
    }
  }
}

/// The JSON values of a text, and the first that is broken.
private struct JSONCandidates {
  private var found: [(value: JSONValue, text: String)] = []
  private var fault: String?

  var isEmpty: Bool { found.isEmpty && fault == nil }

  /// The one value that there is. Objects come before arrays: prose has marks such as [1].
  var choice: JSONExtraction {
    let objects = found.filter { $0.value.objectValue != nil }
    let eligible = objects.isEmpty ? found : objects
    guard let first = eligible.first, objects.count > 0 || fault == nil else {
      return .fault(fault ?? "There is no JSON in it.")
    }
    guard eligible.allSatisfy({ $0.value == first.value }) else {
      return .fault("There are \(eligible.count) JSON values in it, and one is wanted.")
    }
    return .found(first.value, text: first.text)
  }

  /// Takes the content of a fence that should be JSON.
  mutating func add(whole text: String) {
    let text = text.trimmedOfMarks
    do {
      found.append((try JSONValue(parsing: text), text))
    } catch {
      if text.utf8.first.map(JSONStart.isBracket) == true { note(error) }
    }
  }

  private mutating func note(_ error: JSONParseError) {
    if fault == nil { fault = "It is not JSON: \(error)." }
  }

  /// Looks for objects anywhere, and for arrays where a line or, after a colon, a value begins.
  mutating func search(_ text: String) {
    let bytes = Array(text.utf8)
    var (index, mayBeArray) = (0, true)
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") && mayBeArray,
        JSONStart.isPlausible(bytes[index...]) == true
      {
        guard let end = take(bytes, from: index) else { return }
        index = end
        mayBeArray = false
        continue
      }
      if !JSONStart.isSpace(byte) { mayBeArray = byte == UInt8(ascii: ":") }
      if byte == UInt8(ascii: "\n") { mayBeArray = true }
      index += 1
    }
  }

  /// Takes the value that begins there. Returns where to go on; nil where the rest of the text is a part of it.
  private mutating func take(_ bytes: [UInt8], from start: Int) -> Int? {
    let rest = bytes.span.extracting(start...)
    do {
      found.append((try JSONValue(parsing: rest), String(decoding: bytes[start...], as: UTF8.self)))
      return nil
    } catch  where error.code == "trailing_content" {
      let piece = bytes[start..<start + error.offset]
      // It was just parsed.
      if let value = try? JSONValue(parsing: Array(piece)) {
        found.append((value, String(decoding: piece, as: UTF8.self).trimmedOfMarks))
      }
      return start + error.offset
    } catch {
      note(error)
      // What is within something broken is not the answer.
      return JSONStart.balancedEnd(of: bytes[start...])
    }
  }
}

extension String {
  /// Without white space and byte order marks at its ends.
  var trimmedOfMarks: String {
    func isMark(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace || scalar == "\u{FEFF}" }
    let scalars = unicodeScalars
    guard let first = scalars.firstIndex(where: { !isMark($0) }), let last = scalars.lastIndex(where: { !isMark($0) })
    else { return "" }
    return String(scalars[first...last])
  }
}
