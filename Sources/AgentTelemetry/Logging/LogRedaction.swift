import AgentJSON

/// Replaces secrets by `***`: the last line of defence, should one reach a log line in spite of all care.
public struct LogRedaction: Sendable {
  private static let mark = Array("***".utf8)

  /// The longest first, so that of two secrets that begin alike the whole of the longer one is replaced.
  private let secrets: [[UInt8]]
  /// Whether a secret begins with that byte.
  private let isFirstByte: [Bool]

  /// Redacts these texts, also in the form that JSON escapes give them; empty ones are ignored.
  public init(secrets: some Sequence<String> = []) {
    var forms: Set<[UInt8]> = []
    for secret in secrets where !secret.isEmpty {
      forms.insert(Array(secret.utf8))
      forms.insert(Array(JSONValue.string(secret).encoded().dropFirst().dropLast()))
    }
    self.secrets = forms.sorted { $0.count > $1.count }
    var isFirstByte = Array(repeating: false, count: 256)
    for form in forms { isFirstByte[Int(form[0])] = true }
    self.isFirstByte = isFirstByte
  }

  /// The text with every secret in it replaced.
  public func applied(to text: String) -> String {
    guard !secrets.isEmpty else { return text }
    let source = text.utf8.span
    var result: [UInt8] = []
    var kept = 0
    var index = 0
    while index < source.count {
      guard isFirstByte[Int(source[index])], let length = secretLength(in: source, at: index) else {
        index += 1
        continue
      }
      for position in kept..<index { result.append(source[position]) }
      result.append(contentsOf: Self.mark)
      index += length
      kept = index
    }
    guard kept > 0 else { return text }
    for position in kept..<source.count { result.append(source[position]) }
    return String(decoding: result, as: UTF8.self)
  }

  private func secretLength(in source: Span<UInt8>, at start: Int) -> Int? {
    for secret in secrets where secret.count <= source.count - start {
      var matching = 0
      while matching < secret.count, source[start + matching] == secret[matching] { matching += 1 }
      if matching == secret.count { return matching }
    }
    return nil
  }
}
