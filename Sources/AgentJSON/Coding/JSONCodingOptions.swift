/// How values are written and read.
public struct JSONCodingOptions: Sendable {
  /// What becomes of infinities and NaN, which JSON lacks.
  public enum NonFinite: Sendable, Hashable {
    /// They are an error that names the place.
    case refused
    /// They are the strings `inf`, `-inf` and `nan`, in both directions; a NaN's sign and payload are not kept.
    case strings
  }

  /// How deep arrays and objects may nest, in both directions.
  public var limits: JSONLimits

  /// What becomes of infinities and NaN; of `Double` and `Float` alike.
  public var nonFinite: NonFinite

  /// What `encode(to:)` and `init(from:)` see as `userInfo`.
  public var userInfo: [CodingUserInfoKey: any Sendable]

  /// Options with the given settings.
  public init(
    limits: JSONLimits = JSONLimits(), nonFinite: NonFinite = .refused,
    userInfo: [CodingUserInfoKey: any Sendable] = [:]
  ) {
    self.limits = limits
    self.nonFinite = nonFinite
    self.userInfo = userInfo
  }
}

extension JSONCodingOptions {
  var depthMax: Int { min(max(limits.depthMax, 0), JSONLimits.depthCeiling) }

  /// How many calls of types' own code may nest: every other level may pass through a value that writes no bracket
  /// of its own, such as an optional.
  var callsMax: Int { depthMax + depthMax / 2 + 16 }
}
