extension StoredRun {
  /// What the thread is called in which the run keeps its own checkpoints. It goes with the run, and so do the threads
  /// of which the names begin with this one and a slash.
  public var threadName: String { Self.threadName(agentID: agentID, runID: id) }

  /// What a run's own thread is called. Ids of runs hold no slash.
  public static func threadName(agentID: String, runID: String) -> String {
    "\(ThreadKey.prefix(agentID: agentID))\(mark)\(runID)"
  }

  /// The thread of the session that the run goes on with; nil where there is none.
  public var sessionThreadName: String? { sessionID.map { ThreadKey(agentID: agentID, sessionID: $0).name } }

  /// The run that a thread is named after; nil for one that is named otherwise. There need be no such run: sessions
  /// have the names that callers gave them.
  public static func runID(inThread name: String) -> String? {
    let rest = name.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst()
    guard rest.starts(with: mark.utf8) else { return nil }
    return String(rest.dropFirst(mark.utf8.count).prefix { $0 != UInt8(ascii: "/") })
  }

  private static var mark: String { "run/" }
}
