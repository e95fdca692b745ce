/// What a schema and a validation may cost.
public struct JSONSchemaLimits: Sendable, Hashable {
  /// How many schemas and subschemas, referenced documents included, may be loaded.
  public var subschemasMax = 20_000
  /// How long a location in the schema may be, in bytes of its JSON Pointer.
  public var pointerBytesMax = 4_096
  /// How many steps all patterns of a schema together may compile to.
  public var patternStepsMax = 100_000
  /// How deep schemas may nest in evaluation, by references, subschemas and levels of the value.
  ///
  /// Evaluation recurses; the default fits a stack of 512 KiB even in a debug build.
  public var evaluationDepthMax = 128
  /// How many keywords, elements and comparisons a validation may evaluate; patterns count a sixteenth each.
  public var evaluationStepsMax = 1_000_000
  /// How many faults are reported.
  public var faultsMax = 1_000

  /// The default limits.
  public init() {}
}
