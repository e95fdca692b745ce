import AgentJSON
import AgentRuntime

/// Runs for the checks of stores.
extension StoreSamples {
  /// A queued run of the agent `a`, made so many seconds after the first time, with no more than it must have.
  static func run(
    _ id: String, agent: String = "a", at seconds: Double = 0, _ change: (inout StoredRun) -> Void = { _ in }
  ) -> StoredRun {
    var run = StoredRun(id: id, agentID: agent, request: ["messages": []], createdAt: time(seconds))
    change(&run)
    return run
  }

  /// A run with a value in every field.
  static func fullRun(_ id: String, agent: String = "a") -> StoredRun {
    let value: JSONValue = [
      "z": 1, "a": [1.5, true, .null, "\u{0}é e\u{301} \u{2028}🤖"], "big": .integer(.max), "small": .integer(.min),
      "": ["k": [:]], "1e400": .double(1e300), "tenth": .double(0.1), "one": .double(1),
      "long": JSONNumber("123456789012345678901234567890").map(JSONValue.number) ?? .null,
    ]
    var run = StoredRun(
      id: id, agentID: agent, sessionID: "session/é\u{0}", userID: "", request: ["b": value, "a": 1, "": .null],
      isBackground: true, createdAt: time())
    run.status = .cancelled
    run.reason = .timedOut
    run.steps = [value, .null, 1, "text", []]
    run.output = .null
    run.usage = ["total_tokens": 12, "prompt_tokens": 5]
    run.error = ["message": "\u{1F}\\\"", "code": value]
    run.startedAt = time(0.25)
    run.endedAt = time(2)
    run.updatedAt = time(3)
    run.claim = RunClaim(holder: "process/é\u{0}1", until: time(60))
    return run
  }
}

/// Expects equal runs, member by member and in the order of members; times to the millisecond.
func expectRun(_ got: StoredRun?, _ wanted: StoredRun, _ what: String) throws {
  let got = try expectSome(got, what)
  try expectEqual(Array(got.id.utf8), Array(wanted.id.utf8), "\(what), id")
  try expectEqual(got.revision, wanted.revision, "\(what), revision")
  try expectEqual(
    JSONValue.object(got.originJSON).encoded(), JSONValue.object(wanted.originJSON).encoded(),
    "\(what), what it was made with: \(got.originJSON) for \(wanted.originJSON)")
  try expectEqual(
    JSONValue.object(got.progressJSON).encoded(), JSONValue.object(wanted.progressJSON).encoded(),
    "\(what), progress: \(got.progressJSON) for \(wanted.progressJSON)")
  try expectEqual(got.claim == nil, wanted.claim == nil, "\(what), whether it is held")
  if let claim = got.claim, let other = wanted.claim {
    try expectEqual(Array(claim.holder.utf8), Array(other.holder.utf8), "\(what), holder")
    try expectTime(claim.until, other.until, "\(what), end of the claim")
  }
}

extension RuntimeStore {
  /// Stores an agent, and a run of it for each id, each made a second after the one before.
  func insertRuns(_ ids: [String], agent: String = "a", _ change: (inout StoredRun) -> Void = { _ in }) async throws {
    if try await self.agent(agent) == nil { try await insert(agent) }
    for (index, id) in ids.enumerated() {
      try await runs.insert(StoreSamples.run(id, agent: agent, at: Double(index), change))
    }
  }

  /// A run that has to be there.
  func storedRun(_ id: String) async throws -> StoredRun { try expectSome(try await runs.run(id), "the run \(id)") }

  /// Changes a stored run; returns its revision.
  @discardableResult
  func changeRun(_ id: String, _ change: (inout StoredRun) -> Void) async throws -> Int {
    var run = try await storedRun(id)
    change(&run)
    return try await runs.replace(run, expecting: run.revision)
  }

  /// Which ids a query lists, on all its pages.
  func listedRuns(_ query: RunQuery = RunQuery()) async throws -> [String] {
    var (query, ids): (RunQuery, [String]) = (query, [])
    for _ in 0..<1000 {
      let page = try await runs.list(query)
      try expect(page.unreadable.isEmpty, "unreadable: \(page.unreadable)")
      ids += page.runs.map(\.id)
      guard let next = page.next else { return ids }
      query.after = next
    }
    throw ConformanceFailure(description: "the pages of \(query) have no end: \(ids.prefix(20))…")
  }

  /// Which runs can be claimed so many seconds after the first time.
  func claimableRuns(at seconds: Double, limit: Int = 100) async throws -> [String] {
    try await runs.claimable(at: StoreSamples.time(seconds), limit: limit).map(\.id)
  }
}
