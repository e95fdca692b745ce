/// What was done with the checkpoints of a file since it was opened.
public struct SQLiteCheckpointerCounts: Sendable, Hashable {
  /// Read transactions.
  public var reads = 0
  /// Submitted writes that are durable.
  public var saves = 0
  /// Transactions that did them; fewer where saves came together.
  public var transactions = 0
  /// The bytes of what they stored, without what SQLite adds.
  public var bytes = 0
  /// Checkpoints that were removed by the retention policy.
  public var pruned = 0
}
