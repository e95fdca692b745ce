/// An agent's code as a package: `support-bot==1.2.0`, or `support-bot==1.2.0:support.agent` for another module.
struct CodePackage: Sendable, Hashable {
  /// What is installed.
  let requirement: CodeRequirement
  /// The module that has the entry point.
  let module: String

  private static let allowed = "allowed is name==version, or name==version:module for another module"

  /// Reads a reference. Throws `CodeGrammarFault`.
  init(_ text: String) throws(CodeGrammarFault) {
    let text = text.withoutEdgeBlanks
    guard let colon = text.lastIndex(of: ":"), !text.contains("://") else {
      requirement = try CodeRequirement(text)
      module = requirement.name.split(separator: "-").joined(separator: "_")
      return
    }
    requirement = try CodeRequirement(String(text[..<colon]))
    module = String(text[text.index(after: colon)...])
    guard Self.isModule(module) else {
      throw CodeGrammarFault("'\(module.excerpt)' is no name of a module; \(Self.allowed)")
    }
  }

  private static func isModule(_ text: String) -> Bool {
    guard text.utf8.count <= 200 else { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.utf8.first, !(0x30...0x39).contains(first) else { return false }
      return part.utf8.allSatisfy { $0.isDigitOrLowercase || (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "_") }
    }
  }
}

extension String {
  /// Without blanks and line breaks at either end.
  var withoutEdgeBlanks: String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
