import AgentRuntime
import Testing

@testable import AgentTools

@Suite struct CalculatorTests {
  private func result(_ expression: String) throws -> String {
    let value = try ExpressionParser.value(of: expression)
    return value.isExact ? "\(value.number)" : "\(value.number) (rounded)"
  }

  @Test(arguments: [
    ("0.1+0.2", "0.3"), ("1 + 2 * 3", "7"), ("(1+2)*3", "9"), ("-2^2", "-4"), ("(-2)^2", "4"), ("2^3^2", "512"),
    ("2**10", "1024"), ("2^-2", "0.25"), ("7 % 3", "1"), ("-7 % 3", "-1"), ("5.5 % 2", "1.5"), ("1/4", "0.25"),
    ("1/3", "0.3333333333333333333333333333333333 (rounded)"),
    ("2/3", "0.6666666666666666666666666666666667 (rounded)"), ("sqrt(2)^0", "1 (rounded)"), ("sqrt(0.01)", "0.1"),
    ("sqrt(10000)", "100"), ("abs(-3.5)", "3.5"), ("min(3, -1, 2)", "-1"), ("max(3, -1, 2)", "3"),
    ("round(2.5)", "3"), ("round(-2.5)", "-3"), ("round(2.345, 2)", "2.35"), ("round(1250, -2)", "1300"),
    ("floor(-1.5)", "-2"), ("ceil(1.1)", "2"), ("floor(-0.001)", "-1"), ("ceil(-0.001)", "0"), ("1e3", "1000"),
    ("1.5E-3", "0.0015"), (".5 + 5.", "5.5"), ("--3", "3"), ("+3", "3"), ("10 − 4 × 2 ÷ 4", "8"),
    ("sin(0)", "0 (rounded)"),
    ("99999999999999999999 * 99999999999999999999", "9999999999999999999800000000000000000001"),
    ("1e100", "1e+100"), ("1e-30", "1e-30"), ("0 * -5", "0"), ("0^0", "1"),
    (
      "123456789012345678901234567890 + 1",
      "123456789012345678901234567891"
    ), ("round(1.05^360, 6)", "42476396.40868 (rounded)"), ("1 - 0.9", "0.1"),
  ])
  func computes(_ expression: String, _ expected: String) throws {
    #expect(try result(expression) == expected)
  }

  @Test(arguments: [
    ("1 +", "position 4"), ("", "position 1"), ("1 / 0", "position 3: division by zero"), ("5 % (1-1)", "position 3"),
    ("9**9**9", "exponent 387420489 is beyond"), ("10^10001", "10^±10000"), ("9^999999", "10^±10000"),
    ("1e99999", "position 1"), ("1e200 + 1e-200", "digits"), ("2 $ 3", "found '$'"), ("foo(1)", "'foo' is not known"),
    ("x", "position 1"), ("1.2.3", "not a number"), ("2e", "found 'e'"), ("(1", "expected ')'"),
    ("sqrt(-1)", "position 1"),
    ("sqrt(1, 2)", "takes 1"), ("min()", "takes at least 1"), ("0^-1", "division by zero"), ("1 2", "found '2'"),
    ("ln(0)", "not defined"), ("exp(1e9)", "beyond"), ("(-8)^(1/3)", "not defined"), ("round(1, 0.5)", "whole number"),
    ("sqrt 4", "expected '('"), ("1e9223372036854775807", "beyond"), ("2^1e30", "beyond"),
    ("1e10000*1e10000", "beyond"),
  ])
  func explainsFaults(_ expression: String, _ part: String) {
    let error = #expect(throws: ToolError.self) { try ExpressionParser.value(of: expression) }
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
  }

  @Test func boundsLengthAndDepth() {
    let deep = String(repeating: "(", count: 400) + "1" + String(repeating: ")", count: 400)
    for text in [deep, String(repeating: "-", count: 900) + "1", String(repeating: "1+", count: 600) + "1"] {
      #expect(throws: ToolError.self) { try ExpressionParser.value(of: text) }
    }
  }

  /// Random expressions over small whole numbers against machine arithmetic, in hundredths to check decimals too.
  @Test func agreesWithMachineArithmetic() throws {
    var seeded = Seeded(state: 4711)
    for _ in 0..<3000 {
      let (text, expected) = Self.expression(&seeded, depth: 4)
      let value = try ExpressionParser.value(of: text)
      #expect(value.number.intValue == expected && value.isExact, "\(text)")
      let scaled = try ExpressionParser.value(of: "(\(text)) * 0.01").number
      #expect(try scaled.multiplied(by: DecimalNumber(100)).intValue == expected, "\(text)")
    }
  }

  /// A quotient times its divisor is the dividend, but for the last of 34 digits.
  @Test func quotientsAreRight() throws {
    var seeded = Seeded(state: 99)
    for _ in 0..<500 {
      let dividend = Int.random(in: 1...1_000_000_000, using: &seeded)
      let divisor = Int.random(in: 1...1_000_000, using: &seeded)
      let (left, right) = (DecimalNumber(dividend), DecimalNumber(divisor))
      let (quotient, isExact) = try left.divided(by: right)
      let rest = try quotient.multiplied(by: right).subtracting(left).magnitude
      #expect(isExact ? rest.isZero : try rest < (DecimalNumber(text: "1e-20") ?? .zero))
      #expect(try quotient.rounded(.down).intValue == dividend / divisor)
      #expect(try left.remainder(by: right).intValue == dividend % divisor)
    }
  }

  private static func expression(_ seeded: inout Seeded, depth: Int) -> (String, Int) {
    if depth == 0 || Int.random(in: 0..<5, using: &seeded) == 0 {
      let number = Int.random(in: 0...99, using: &seeded)
      return ("\(number)", number)
    }
    let (left, leftValue) = expression(&seeded, depth: depth - 1)
    let (right, rightValue) = expression(&seeded, depth: depth - 1)
    switch Int.random(in: 0..<5, using: &seeded) {
    case 0: return ("(\(left) + \(right))", leftValue + rightValue)
    case 1: return ("(\(left) - \(right))", leftValue - rightValue)
    case 2 where abs(leftValue) < 1_000_000 && abs(rightValue) < 1_000_000:
      return ("((\(left)) * (\(right)))", leftValue * rightValue)
    case 3 where rightValue != 0: return ("((\(left)) % (\(right)))", leftValue % rightValue)
    case 4: return ("(-(\(left)))", -leftValue)
    default: return ("max(\(left), \(right))", max(leftValue, rightValue))
    }
  }
}

/// SplitMix64: the same numbers at each run.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
