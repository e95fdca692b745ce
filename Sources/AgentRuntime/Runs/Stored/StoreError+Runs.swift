extension StoreError {
  /// The id of a run to insert is taken.
  public init(runExists id: String) { self.init(.exists, "There is a run \(id) already.") }

  /// The run to change is not there.
  public init(noRun id: String) { self.init(.notFound, "There is no run \(id).") }

  /// The run to change has another revision.
  public init(run id: String, hasRevision current: Int, not expected: Int) {
    self.init(.conflict(current: current), "The run \(id) has revision \(current), not \(expected).")
  }

  /// The agent of a run to insert is not there.
  public init(noAgentOf run: StoredRun) {
    self.init(.notFound, "The agent \(run.agentID) is not stored: its run \(run.id) was not kept.")
  }
}
