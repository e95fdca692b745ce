import AgentRuntime

/// Reads and computes an arithmetic expression in one pass.
///
/// From weak to strong: `+ -`, `* / %`, sign, `^` (also `**`; from right to left): `-2^2` is -4.
struct ExpressionParser {
  static let lengthMax = 1000
  static let depthMax = 64

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0

  private init(_ text: String) { scalars = Array(text.unicodeScalars) }

  /// The expression's value. Throws a `ToolError` with the position, from 1, of what is wrong.
  static func value(of text: String) throws -> CalculatedValue {
    guard text.unicodeScalars.count <= lengthMax else {
      throw ToolError("the expression has \(text.unicodeScalars.count) characters, at most \(lengthMax) are allowed")
    }
    var parser = ExpressionParser(text)
    let value = try parser.sum()
    guard parser.peek() == nil else { throw parser.unexpected("an operator or the end") }
    return value
  }

  private mutating func sum() throws -> CalculatedValue {
    var value = try term()
    while let (symbol, place) = operation(["+", "-", "−"]) {
      let right = try term()
      value = try at(place) {
        let number = symbol == "+" ? try value.number.adding(right.number) : try value.number.subtracting(right.number)
        return CalculatedValue(number: number, isExact: value.isExact && right.isExact)
      }
    }
    return value
  }

  private mutating func term() throws -> CalculatedValue {
    var value = try signed()
    while let (symbol, place) = operation(["*", "×", "/", "÷", "%"]) {
      let right = try signed()
      value = try at(place) { try Self.apply(symbol, value, right) }
    }
    return value
  }

  private static func apply(
    _ symbol: Unicode.Scalar, _ left: CalculatedValue, _ right: CalculatedValue
  ) throws -> CalculatedValue {
    let isExact = left.isExact && right.isExact
    if symbol == "*" || symbol == "×" {
      return CalculatedValue(number: try left.number.multiplied(by: right.number), isExact: isExact)
    }
    guard !right.number.isZero else { throw CalculationError(message: "division by zero") }
    if symbol == "%" {
      return CalculatedValue(number: try left.number.remainder(by: right.number), isExact: isExact)
    }
    let (quotient, endsThere) = try left.number.divided(by: right.number)
    return CalculatedValue(number: quotient, isExact: isExact && endsThere)
  }

  private mutating func signed() throws -> CalculatedValue {
    guard let (symbol, _) = operation(["+", "-", "−"]) else { return try power() }
    let value = try deeper { try $0.signed() }
    return symbol == "+" ? value : CalculatedValue(number: value.number.negated, isExact: value.isExact)
  }

  private mutating func power() throws -> CalculatedValue {
    let base = try primary()
    let start = position
    guard let symbol = peek(), symbol == "^" || symbol == "*" && isNext("*") else {
      position = start
      return base
    }
    let place = position
    position += symbol == "*" ? 2 : 1
    let exponent = try deeper { try $0.signed() }
    return try at(place) { try CalculatorFunctions.power(base, exponent) }
  }

  private mutating func primary() throws -> CalculatedValue {
    guard let next = peek() else { throw unexpected("a number") }
    if next == "(" {
      position += 1
      let value = try deeper { try $0.sum() }
      try expect(")")
      return value
    }
    if next == "." || Self.isDigit(next) { return try number() }
    if Self.isLetter(next) { return try name() }
    throw unexpected("a number, a name or (")
  }
}

// MARK: - Parts

extension ExpressionParser {
  private mutating func number() throws -> CalculatedValue {
    let start = position
    skip { Self.isDigit($0) || $0 == "." }
    if position < scalars.count, scalars[position] == "e" || scalars[position] == "E" {
      let mark = position
      position += 1
      if position < scalars.count, scalars[position] == "+" || scalars[position] == "-" { position += 1 }
      let digits = position
      skip(Self.isDigit)
      // "2e" is no power of ten: the letter is left for the fault to name.
      if digits == position { position = mark }
    }
    let text = String(String.UnicodeScalarView(scalars[start..<position]))
    let number = try at(start) { try DecimalNumber(text: text) }
    guard let number else { throw fault(start, "'\(text.prefix(40))' is not a number such as 12.5 or 3e-4") }
    return CalculatedValue(number: number, isExact: true)
  }

  private mutating func name() throws -> CalculatedValue {
    let start = position
    skip { Self.isLetter($0) || Self.isDigit($0) }
    let name = String(String.UnicodeScalarView(scalars[start..<position])).lowercased()
    if let constant = CalculatorFunctions.constants[name] {
      guard let number = try at(start, { try DecimalNumber(text: constant) }) else { throw unknown(name, start) }
      return CalculatedValue(number: number, isExact: false)
    }
    guard CalculatorFunctions.isFunction(name) else { throw unknown(name, start) }
    try expect("(")
    var arguments: [CalculatedValue] = []
    if peek() != ")" {
      repeat { arguments.append(try deeper { try $0.sum() }) } while operation([","]) != nil
    }
    try expect(")")
    return try at(start) { try CalculatorFunctions.call(name, arguments) }
  }

  private func unknown(_ name: String, _ start: Int) -> ToolError {
    let known = (CalculatorFunctions.names + CalculatorFunctions.constants.keys.sorted()).joined(separator: ", ")
    return fault(start, "'\(name.prefix(40))' is not known; there are \(known)")
  }

  private mutating func deeper(
    _ parse: (inout ExpressionParser) throws -> CalculatedValue
  ) throws -> CalculatedValue {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthMax else { throw fault(position, "nested deeper than \(Self.depthMax) levels") }
    return try parse(&self)
  }

  /// Adds the place to what an operation cannot do.
  private func at<Value>(_ place: Int, _ compute: () throws -> Value) throws -> Value {
    do {
      return try compute()
    } catch let error as CalculationError {
      throw fault(place, error.message)
    } catch let error as DecimalNumber.LimitError {
      throw fault(place, error.message)
    }
  }

  private mutating func operation(_ symbols: [Unicode.Scalar]) -> (Unicode.Scalar, Int)? {
    guard let next = peek(), symbols.contains(next) else { return nil }
    position += 1
    return (next, position - 1)
  }

  private mutating func expect(_ symbol: Unicode.Scalar) throws {
    guard peek() == symbol else { throw unexpected("'\(symbol)'") }
    position += 1
  }

  /// The next character that is not a space.
  private mutating func peek() -> Unicode.Scalar? {
    skip { $0.properties.isWhitespace }
    return position < scalars.count ? scalars[position] : nil
  }

  private func isNext(_ symbol: Unicode.Scalar) -> Bool {
    position + 1 < scalars.count && scalars[position + 1] == symbol
  }

  private mutating func skip(_ isSkipped: (Unicode.Scalar) -> Bool) {
    while position < scalars.count, isSkipped(scalars[position]) { position += 1 }
  }

  private func unexpected(_ allowed: String) -> ToolError {
    let found = position < scalars.count ? "'\(scalars[position])'" : "the end"
    return fault(position, "found \(found), expected \(allowed)")
  }

  private func fault(_ place: Int, _ message: String) -> ToolError {
    ToolError("the expression is wrong at position \(place + 1): \(message)")
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
  }
}
