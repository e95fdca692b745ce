extension PatternParser {
  /// What an escape or a part of a class stands for.
  enum Atom {
    case scalar(UnicodeScalar)
    case set(PatternSet)

    var set: PatternSet {
      switch self {
      case .scalar(let scalar): PatternSet(scalar)
      case .set(let set): set
      }
    }
  }

  /// Parses what follows a backslash.
  mutating func escape() throws(PatternError) -> Atom {
    guard let scalar = next() else { throw error("a backslash ends the pattern") }
    switch scalar {
    case "d": return .set(.digits)
    case "D": return .set(Self.negated(.digits))
    case "w": return .set(.wordCharacters)
    case "W": return .set(Self.negated(.wordCharacters))
    case "s": return .set(.whitespace)
    case "S": return .set(Self.negated(.whitespace))
    case "p", "P": return .set(try property(isNegated: scalar == "P"))
    case "t": return .scalar("\t")
    case "n": return .scalar("\n")
    case "v": return .scalar("\u{0B}")
    case "f": return .scalar("\u{0C}")
    case "r": return .scalar("\r")
    case "0":
      if let digit = peek, ("0"..."9").contains(digit) { throw unsupported("octal escapes are not supported") }
      return .scalar("\0")
    case "c": return .scalar(try controlLetter())
    case "x": return .scalar(try self.scalar(try hex(2)))
    case "u": return .scalar(try unicodeEscape())
    case "1"..."9", "k": throw unsupported("backreferences are not supported")
    default:
      guard !scalar.isASCII || !PatternSet.isWordCharacter(scalar) || scalar == "_" else {
        throw error("\\\(scalar) is no escape of ECMA-262")
      }
      return .scalar(scalar)
    }
  }

  private static func negated(_ set: PatternSet) -> PatternSet {
    var set = set
    set.negate()
    return set
  }

  private mutating func property(isNegated: Bool) throws(PatternError) -> PatternSet {
    guard take("{") else { throw error("\\p wants a property in braces, such as \\p{L}") }
    var name = ""
    while let scalar = next(), scalar != "}" { name.unicodeScalars.append(scalar) }
    guard let property = PatternProperty(name) else {
      throw unsupported(
        "the property \\p{\(name.prefix(40))} is not supported; allowed: general categories, such as \\p{L}")
    }
    return PatternSet(property, isNegated: isNegated)
  }

  private mutating func controlLetter() throws(PatternError) -> UnicodeScalar {
    guard let letter = next(), letter.isASCII, letter.properties.isAlphabetic else {
      throw error("\\c wants a letter")
    }
    return UnicodeScalar(UInt8(letter.value & 0x1F))
  }

  private mutating func hex(_ count: Int) throws(PatternError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<count {
      guard let digit = next(), digit.isASCII, let value = Character(digit).hexDigitValue else {
        throw error("an escape wants \(count) hexadecimal digits")
      }
      code = code << 4 | UInt32(value)
    }
    return code
  }

  private mutating func unicodeEscape() throws(PatternError) -> UnicodeScalar {
    if take("{") {
      var code: UInt32 = 0
      while let digit = next(), digit != "}" {
        guard digit.isASCII, let value = Character(digit).hexDigitValue, code <= 0x10FFFF else {
          throw error("\\u{…} wants a code point in hexadecimal digits")
        }
        code = code << 4 | UInt32(value)
      }
      return try scalar(code)
    }
    let code = try hex(4)
    guard (0xD800...0xDBFF).contains(code), take("\\u") else { return try scalar(code) }
    let low = try hex(4)
    guard (0xDC00...0xDFFF).contains(low) else { throw error("a surrogate escape stands alone") }
    return try scalar(0x10000 + (code - 0xD800) << 10 + (low - 0xDC00))
  }

  private func scalar(_ code: UInt32) throws(PatternError) -> UnicodeScalar {
    guard let scalar = UnicodeScalar(code) else { throw error("an escape stands for no code point") }
    return scalar
  }

  /// Parses a class behind its opening bracket.
  mutating func characterClass() throws(PatternError) -> PatternSet {
    var set = PatternSet()
    let isNegated = take("^")
    while true {
      guard peek != nil else { throw error("a class is not closed; allowed: a ] at its end") }
      if take("]") { break }
      let low = try classAtom()
      guard peek == "-" else { set.formUnion(low.set); continue }
      _ = take("-")
      if peek == "]" || peek == nil {
        set.formUnion(low.set)
        set.formUnion(PatternSet("-"))
        continue
      }
      try range(from: low, into: &set)
    }
    if isNegated { set.negate() }
    return set
  }

  private mutating func range(from low: Atom, into set: inout PatternSet) throws(PatternError) {
    let high = try classAtom()
    guard case .scalar(let first) = low, case .scalar(let last) = high else {
      // Such as [\w-.], where browsers without the flag u take the hyphen for itself.
      set.formUnion(low.set)
      set.formUnion(PatternSet("-"))
      set.formUnion(high.set)
      return
    }
    guard first <= last else { throw error("a class's range is out of order") }
    set.insert(first.value...last.value)
  }

  private mutating func classAtom() throws(PatternError) -> Atom {
    guard take("\\") else {
      guard let scalar = next() else { throw error("a class is not closed; allowed: a ] at its end") }
      return .scalar(scalar)
    }
    if take("b") { return .scalar("\u{08}") }
    return try escape()
  }
}
