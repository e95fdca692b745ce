#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A value in an expression, and whether it is the exact one.
struct CalculatedValue: Hashable, Sendable {
  var number: DecimalNumber
  var isExact: Bool
}

/// What an operation cannot do; the parser adds where.
struct CalculationError: Error {
  let message: String
}

/// The functions, constants and the power that an expression may use. All throw a `CalculationError` or a `LimitError`.
enum CalculatorFunctions {
  static let constants: [String: String] = [
    "pi": "3.141592653589793238462643383279503", "e": "2.718281828459045235360287471352662",
  ]

  /// Of binary floating point: about 16 digits are right.
  private static let approximate: [String: @Sendable (Double) -> Double] = [
    "sqrt": { $0.squareRoot() }, "ln": { log($0) }, "log": { log10($0) }, "log10": { log10($0) },
    "log2": { log2($0) }, "exp": { exp($0) }, "sin": { sin($0) }, "cos": { cos($0) }, "tan": { tan($0) },
    "asin": { asin($0) }, "acos": { acos($0) }, "atan": { atan($0) }, "sinh": { sinh($0) }, "cosh": { cosh($0) },
    "tanh": { tanh($0) },
  ]
  private static let exact: Set = ["abs", "min", "max", "round", "floor", "ceil", "trunc"]

  static var names: [String] { approximate.keys.sorted() + exact.sorted() }

  static func isFunction(_ name: String) -> Bool { approximate[name] != nil || exact.contains(name) }

  static func call(_ name: String, _ arguments: [CalculatedValue]) throws -> CalculatedValue {
    if name == "min" || name == "max" {
      let sorted = arguments.sorted { $0.number < $1.number }
      guard let value = name == "min" ? sorted.first : sorted.last else { throw count(name, "at least 1", 0) }
      return CalculatedValue(number: value.number, isExact: arguments.allSatisfy(\.isExact))
    }
    if name == "round", arguments.count == 2 {
      guard let places = arguments[1].number.intValue, abs(places) <= DecimalNumber.digitsMax else {
        throw CalculationError(message: "round's second argument is a whole number of decimals")
      }
      return try rounded(arguments[0], .toNearestOrAwayFromZero, places)
    }
    guard arguments.count == 1 else { throw count(name, name == "round" ? "1 or 2" : "1", arguments.count) }
    let value = arguments[0]
    switch name {
    case "abs": return CalculatedValue(number: value.number.magnitude, isExact: value.isExact)
    case "round": return try rounded(value, .toNearestOrAwayFromZero, 0)
    case "floor": return try rounded(value, .down, 0)
    case "ceil": return try rounded(value, .up, 0)
    case "trunc": return try rounded(value, .towardZero, 0)
    default: return try approximation(name, value)
    }
  }

  private static func count(_ name: String, _ allowed: String, _ found: Int) -> CalculationError {
    CalculationError(message: "\(name) takes \(allowed) argument(s), not \(found)")
  }

  private static func rounded(
    _ value: CalculatedValue, _ rule: FloatingPointRoundingRule, _ places: Int
  ) throws -> CalculatedValue {
    CalculatedValue(number: try value.number.rounded(rule, places: places), isExact: value.isExact)
  }

  private static func approximation(_ name: String, _ value: CalculatedValue) throws -> CalculatedValue {
    guard let function = approximate[name] else { throw CalculationError(message: "there is no function \(name)") }
    let result = try number(function(value.number.doubleValue), "\(name)(\(value.number))")
    // A root that gives the argument back when it is squared is the true one.
    let isRoot = name == "sqrt" && (try? result.multiplied(by: result)) == value.number
    return CalculatedValue(number: result, isExact: isRoot && value.isExact)
  }

  private static func number(_ double: Double, _ what: String) throws -> DecimalNumber {
    guard double.isFinite, let number = try DecimalNumber(text: "\(double)") else {
      throw CalculationError(message: "\(what) is not defined, or beyond about 1e308")
    }
    return number
  }
}

extension CalculatorFunctions {
  /// Larger exponents than this are refused before anything is computed.
  static let exponentMax = 1_000_000
  /// Powers with more digits than an exact number has are computed to so many.
  private static let workingDigits = 60

  static func power(_ base: CalculatedValue, _ exponent: CalculatedValue) throws -> CalculatedValue {
    guard exponent.number.isInteger else {
      let double = pow(base.number.doubleValue, exponent.number.doubleValue)
      return CalculatedValue(number: try number(double, "\(base.number)^\(exponent.number)"), isExact: false)
    }
    guard let count = exponent.number.intValue, abs(count) <= exponentMax else {
      throw CalculationError(message: "the exponent \(exponent.number) is beyond ±\(exponentMax)")
    }
    if base.number.isZero, count < 0 { throw CalculationError(message: "0 has no negative power: division by zero") }
    var (number, isExact) = try product(of: base.number, times: abs(count))
    if count < 0 {
      let (quotient, endsThere) = try DecimalNumber(1).divided(by: number)
      (number, isExact) = (quotient, isExact && endsThere)
    }
    return CalculatedValue(number: number, isExact: isExact && base.isExact && exponent.isExact)
  }

  private static func product(of base: DecimalNumber, times count: Int) throws -> (DecimalNumber, Bool) {
    var (result, factor, rest, isExact) = (DecimalNumber(1), base, count, true)
    while rest > 0 {
      if rest % 2 == 1 {
        let (product, wasExact) = try result.multiplied(by: factor, cutTo: workingDigits)
        (result, isExact) = (product, isExact && wasExact)
      }
      rest /= 2
      guard rest > 0 else { break }
      let (square, wasExact) = try factor.multiplied(by: factor, cutTo: workingDigits)
      (factor, isExact) = (square, isExact && wasExact)
    }
    return isExact ? (result, true) : (try result.shortened().0, false)
  }
}
