/// Looks at YAML text, before it is parsed, for aliases that would cost the parser more than the file is worth.
///
/// The parser gives an alias the node itself, which costs nothing; but it hashes keys, and a key that is built of
/// aliases to aliases takes for ever. And a chain of as many aliases as a file has room for is a tree too deep to
/// free. Both are told by tokens alone: text that only looks like them counts, and that few aliases harm nobody.
struct YAMLAliasScan {
  /// Aliases of a file.
  static let aliasesMax = 1000
  /// Aliases of a file in which a key may be more than text.
  static let aliasesBesideKeysMax = 12

  /// Why the text must not be parsed; nil where it may.
  private(set) var problem: ConfigurationFileError.Problem?

  /// Goes over the text once.
  init(_ text: String) {
    var (aliases, keyLine, number) = (0, nil as Int?, 0)
    for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      var scan = LineScan(line)
      scan.run()
      aliases += scan.aliases
      if scan.hasComplexKey, keyLine == nil { keyLine = number }
      if aliases > Self.aliasesMax {
        problem = .init(line: number, message: "more than \(Self.aliasesMax) aliases (*name) in the file")
        return
      }
    }
    if let keyLine, aliases > Self.aliasesBesideKeysMax {
      problem = .init(
        line: keyLine,
        message: "a key that is an alias, a mapping or a sequence, in a file with more than "
          + "\(Self.aliasesBesideKeysMax) aliases; keys are text")
    }
  }
}

/// The tokens of one line that matter.
private struct LineScan {
  private(set) var aliases = 0
  private(set) var hasComplexKey = false
  private var rest: Substring.UTF8View
  /// What stands before, without blanks, is all `-`, `?`, `:`, or ends in `[`, `{` or `,`: here a node may begin.
  private var isAtNode = true

  init(_ line: Substring.UTF8View) { rest = line }

  mutating func run() {
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"): continue
      case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","): isAtNode = true
      // CR, and the last bytes of NEL, LS and PS, break lines, too.
      case UInt8(ascii: "\r"), 0x85, 0xA8, 0xA9: isAtNode = true
      case UInt8(ascii: "?") where isAtNode && isAtBlank: hasComplexKey = true
      case UInt8(ascii: "-") where isAtNode && isAtBlank, UInt8(ascii: ":") where isAtNode && isAtBlank: break
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        noteKey()
        isAtNode = false
      case UInt8(ascii: "*"):
        alias()
        isAtNode = false
      default: isAtNode = false
      }
    }
  }

  private var isAtBlank: Bool {
    guard let next = rest.first else { return true }
    return next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") || next == UInt8(ascii: "\r")
  }

  /// What is followed by a colon is a key.
  private mutating func noteKey() {
    if rest.first(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) == UInt8(ascii: ":") {
      hasComplexKey = true
    }
  }

  private mutating func alias() {
    let name = rest.prefix { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    guard !name.isEmpty else { return }
    rest = rest.dropFirst(name.count)
    // Any other end of a name is an error to the parser, and emphasis in a text.
    guard isAtBlank || rest.first.map({ $0 >= 0x80 || "?:,]}%@`".utf8.contains($0) }) ?? true else { return }
    aliases += 1
    noteKey()
  }
}
