/// A Unicode property that `\p{…}` can name: a general category, or one of a few binary properties.
enum PatternProperty: Sendable {
  /// The categories as bits.
  case category(UInt32)
  case any, ascii, alphabetic, lowercase, uppercase, whiteSpace, idStart, idContinue, emoji

  /// Nil if the property is unknown or not supported, as scripts are.
  init?(_ text: String) {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    if parts.count == 2, parts[0] == "General_Category" || parts[0] == "gc" {
      guard let categories = Self.categories[String(parts[1])] else { return nil }
      self = .category(categories)
    } else if let categories = Self.categories[text] {
      self = .category(categories)
    } else if let property = Self.binary[text] {
      self = property
    } else {
      return nil
    }
  }

  func holds(for scalar: UnicodeScalar) -> Bool {
    switch self {
    case .category(let categories): categories & Self.bit(scalar.properties.generalCategory) != 0
    case .any: true
    case .ascii: scalar.isASCII
    case .alphabetic: scalar.properties.isAlphabetic
    case .lowercase: scalar.properties.isLowercase
    case .uppercase: scalar.properties.isUppercase
    case .whiteSpace: scalar.properties.isWhitespace
    case .idStart: scalar.properties.isIDStart
    case .idContinue: scalar.properties.isIDContinue
    case .emoji: scalar.properties.isEmoji
    }
  }

  private static let binary: [String: PatternProperty] = [
    "Any": .any, "ASCII": .ascii, "Alphabetic": .alphabetic, "Alpha": .alphabetic, "Lowercase": .lowercase,
    "Lower": .lowercase, "Uppercase": .uppercase, "Upper": .uppercase, "White_Space": .whiteSpace,
    "space": .whiteSpace, "ID_Start": .idStart, "IDS": .idStart, "ID_Continue": .idContinue, "IDC": .idContinue,
    "Emoji": .emoji,
  ]

  /// The general categories with their aliases of Unicode's PropertyValueAliases.
  private static let categories: [String: UInt32] = {
    var table: [String: UInt32] = [:]
    for (names, categories) in named {
      for name in names { table[name] = categories.reduce(0) { $0 | bit($1) } }
    }
    return table
  }()

  private static func bit(_ category: Unicode.GeneralCategory) -> UInt32 {
    let number =
      switch category {
      case .uppercaseLetter: 0
      case .lowercaseLetter: 1
      case .titlecaseLetter: 2
      case .modifierLetter: 3
      case .otherLetter: 4
      case .nonspacingMark: 5
      case .spacingMark: 6
      case .enclosingMark: 7
      case .decimalNumber: 8
      case .letterNumber: 9
      case .otherNumber: 10
      case .connectorPunctuation: 11
      case .dashPunctuation: 12
      case .openPunctuation: 13
      case .closePunctuation: 14
      case .initialPunctuation: 15
      case .finalPunctuation: 16
      case .otherPunctuation: 17
      case .mathSymbol: 18
      case .currencySymbol: 19
      case .modifierSymbol: 20
      case .otherSymbol: 21
      case .spaceSeparator: 22
      case .lineSeparator: 23
      case .paragraphSeparator: 24
      case .control: 25
      case .format: 26
      case .surrogate: 27
      case .privateUse: 28
      case .unassigned: 29
      @unknown default: 30
      }
    return 1 << UInt32(number)
  }

  private static let named: [([String], [Unicode.GeneralCategory])] = [
    (["LC", "Cased_Letter"], [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter]),
    (["L", "Letter"], [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter]),
    (["Lu", "Uppercase_Letter"], [.uppercaseLetter]),
    (["Ll", "Lowercase_Letter"], [.lowercaseLetter]),
    (["Lt", "Titlecase_Letter"], [.titlecaseLetter]),
    (["Lm", "Modifier_Letter"], [.modifierLetter]),
    (["Lo", "Other_Letter"], [.otherLetter]),
    (["M", "Mark", "Combining_Mark"], [.nonspacingMark, .spacingMark, .enclosingMark]),
    (["Mn", "Nonspacing_Mark"], [.nonspacingMark]),
    (["Mc", "Spacing_Mark"], [.spacingMark]),
    (["Me", "Enclosing_Mark"], [.enclosingMark]),
    (["N", "Number"], [.decimalNumber, .letterNumber, .otherNumber]),
    (["Nd", "Decimal_Number", "digit"], [.decimalNumber]),
    (["Nl", "Letter_Number"], [.letterNumber]),
    (["No", "Other_Number"], [.otherNumber]),
    (["S", "Symbol"], [.mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol]),
    (["Sm", "Math_Symbol"], [.mathSymbol]),
    (["Sc", "Currency_Symbol"], [.currencySymbol]),
    (["Sk", "Modifier_Symbol"], [.modifierSymbol]),
    (["So", "Other_Symbol"], [.otherSymbol]),
    (
      ["P", "Punctuation", "punct"],
      [
        .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
        .finalPunctuation, .otherPunctuation,
      ]
    ),
    (["Pc", "Connector_Punctuation"], [.connectorPunctuation]),
    (["Pd", "Dash_Punctuation"], [.dashPunctuation]),
    (["Ps", "Open_Punctuation"], [.openPunctuation]),
    (["Pe", "Close_Punctuation"], [.closePunctuation]),
    (["Pi", "Initial_Punctuation"], [.initialPunctuation]),
    (["Pf", "Final_Punctuation"], [.finalPunctuation]),
    (["Po", "Other_Punctuation"], [.otherPunctuation]),
    (["Z", "Separator"], [.spaceSeparator, .lineSeparator, .paragraphSeparator]),
    (["Zs", "Space_Separator"], [.spaceSeparator]),
    (["Zl", "Line_Separator"], [.lineSeparator]),
    (["Zp", "Paragraph_Separator"], [.paragraphSeparator]),
    (["C", "Other"], [.control, .format, .surrogate, .privateUse, .unassigned]),
    (["Cc", "Control", "cntrl"], [.control]),
    (["Cf", "Format"], [.format]),
    (["Cs", "Surrogate"], [.surrogate]),
    (["Co", "Private_Use"], [.privateUse]),
    (["Cn", "Unassigned"], [.unassigned]),
  ]
}
