// The libFuzzer target of AgentJSON. It is compiled together with the sources of the library, as one module,
// so that the sanitizer sees all of it; see scripts/fuzz.sh.

/// Checks one input, whose first byte chooses what it is: a document, schema and value, or pattern and text.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let kind = input.first else { return 0 }
  let rest = Array(input.dropFirst())
  switch kind {
  case UInt8(ascii: "S"): checkSchema(rest)
  case UInt8(ascii: "P"): checkPattern(rest)
  default: checkDocument(input)
  }
  return 0
}

/// What parses must write to a text that parses to the same value and writes to itself.
private func checkDocument(_ bytes: [UInt8]) {
  let value: JSONValue
  do {
    value = try JSONValue(parsing: bytes)
  } catch {
    precondition((0...bytes.count).contains(error.offset), "the fault lies outside of the text")
    precondition(JSONParseError.codes.contains(error.code), "the code is unknown")
    return
  }
  for text in [value.encoded(), value.encoded(pretty: true)] {
    guard let again = try? JSONValue(parsing: text) else { preconditionFailure("what was written does not parse") }
    precondition(again == value, "the value changed")
    precondition(again.hashValue == value.hashValue, "equal values hash differently")
    precondition(again.encoded() == value.encoded(), "the text changed")
  }
}

/// A schema, a zero byte, and a value.
private func checkSchema(_ bytes: [UInt8]) {
  let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
  guard let document = try? JSONValue(parsing: Array(parts[0])) else { return }
  let value = parts.count > 1 ? (try? JSONValue(parsing: Array(parts[1]))) ?? document : document
  check(document, value)
}

/// A pattern, a zero byte, and a text.
private func checkPattern(_ bytes: [UInt8]) {
  let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
  let pattern = String(decoding: parts[0], as: UTF8.self)
  let text = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : pattern
  check(["pattern": .string(pattern)], .string(text))
}

private func check(_ document: JSONValue, _ value: JSONValue) {
  var options = JSONSchema.Options()
  options.assertsFormat = true
  options.limits.evaluationStepsMax = 50_000
  guard let schema = try? JSONSchema(document, options: options) else { return }
  let faults = schema.validate(value)
  precondition(faults == schema.validate(value), "two validations differ")
  let wasStopped = faults.contains { $0.keyword.isEmpty && $0.schemaPath == "#" }
  precondition(wasStopped || schema.isValid(value) == faults.isEmpty, "isValid and validate differ")
}
