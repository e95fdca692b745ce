/// What a document may cost the parser.
public struct JSONLimits: Sendable, Hashable {
  /// The largest depth that can be set; to write, compare or release a value recurses, and this many
  /// levels fit a stack of 512 KiB.
  public static let depthCeiling = 256

  /// How many arrays and objects may be open at once; values beyond `depthCeiling` count as that.
  public var depthMax: Int

  /// Limits with the given depth.
  public init(depthMax: Int = 128) { self.depthMax = depthMax }
}
