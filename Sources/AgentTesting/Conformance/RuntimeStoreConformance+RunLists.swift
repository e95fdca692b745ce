import AgentRuntime

extension RuntimeStoreConformance {
  static let runListChecks: [Check] = [
    Check("runs are listed from the newest, those of one time by the bytes of their ids") { store in
      try await store.insert("a")
      for number in 0..<30 {
        try await store.runs.insert(StoreSamples.run("run-\((number * 7) % 30)", at: Double((number * 7) % 30)))
      }
      try expectEqual(try await store.listedRuns(), (0..<30).reversed().map { "run-\($0)" }, "by time")
      for id in ["b", "a", "B", "\u{E9}", "e\u{301}", "ba", "b\u{0}"] {
        try await store.runs.insert(StoreSamples.run(id, at: 100))
      }
      try expectEqual(
        try await store.listedRuns(RunQuery(limit: 7)).prefix(7).map { Array($0.utf8) },
        ["\u{E9}", "e\u{301}", "ba", "b\u{0}", "b", "a", "B"].map { Array($0.utf8) }, "by ids")
    },
    Check("changes and claims leave a run's place") { store in
      try await store.insertRuns(["x", "y", "z"])
      try await store.changeRun("x") { $0.updatedAt = StoreSamples.time(100) }
      try await store.runs.claim("y", by: "p", until: StoreSamples.time(100), expecting: 1)
      try expectEqual(try await store.listedRuns(), ["z", "y", "x"], "the order")
    },
    Check("listed runs are whole") { store in
      try await store.insert("a")
      try await store.runs.insert(StoreSamples.fullRun("r"))
      let page = try await store.runs.list(RunQuery())
      try expectRun(page.runs.first, StoreSamples.fullRun("r"), "the run in the list")
      try expect(page.next == nil && page.runs.count == 1, "got \(page.runs.count) runs, next \(page.next as Any)")
    },
    Check("pages of runs cover the list without a gap, and the last one says so") { store in
      let ids = (100..<125).map { "run-\($0)" }
      try await store.insertRuns(ids)
      for limit in [1, 2, 5, 24, 25, 26] {
        try expectEqual(try await store.listedRuns(RunQuery(limit: limit)), ids.reversed(), "pages of \(limit)")
      }
      for (limit, hasNext) in [(24, true), (25, false), (26, false)] {
        let page = try await store.runs.list(RunQuery(limit: limit))
        try expectEqual(page.next != nil, hasNext, "whether a page of \(limit) has a next one")
      }
      let last = RunCursor(createdAt: StoreSamples.time(0), id: "run-100")
      let page = try await store.runs.list(RunQuery(after: last))
      try expect(page.runs.isEmpty && page.next == nil, "behind the last run there is something")
    },
    Check("pages of runs of one time go by the ids") { store in
      try await store.insert("a")
      let ids = (100..<120).map { "run-\($0)" }
      for id in ids { try await store.runs.insert(StoreSamples.run(id)) }
      try expectEqual(try await store.listedRuns(RunQuery(limit: 3)), ids.reversed(), "all pages together")
      // A place need not be that of a run, and what is below a millisecond does not count.
      let places: [(String, String?)] = [
        ("run-105\u{0}", "run-105"), ("run-105", "run-104"), ("run-", nil), ("z", "run-119"),
      ]
      for (id, first) in places {
        let place = RunCursor(createdAt: StoreSamples.time(), id: id)
        let page = try await store.runs.list(RunQuery(after: place, limit: 1))
        try expectEqual(page.runs.first?.id, first, "behind \(id)")
      }
      let between = RunCursor(createdAt: StoreSamples.time(0.0002), id: "run-105")
      try expectEqual(try await store.listedRuns(RunQuery(after: between)).first, "run-104", "behind a fraction")
    },
    Check("runs made while a list is read neither repeat one nor hide one") { store in
      let ids = (100..<140).map { "run-\($0)" }
      try await store.insertRuns(ids)
      var (query, listed) = (RunQuery(limit: 7), [String]())
      for round in 0..<10 {
        let page = try await store.runs.list(query)
        listed += page.runs.map(\.id)
        for number in 0..<9 {
          try await store.runs.insert(StoreSamples.run("new-\(round)-\(number)", at: Double(1000 + round)))
        }
        // What goes does not shift the rest either.
        if round == 2 { _ = try await store.changeRun("run-139") { $0.status = .completed } }
        if round == 3 { _ = try await store.runs.prune(endedBefore: StoreSamples.time(5000), limit: 1) }
        guard let next = page.next else { break }
        query.after = next
      }
      try expectEqual(listed, ids.reversed(), "the runs that were there at the beginning")
      try expectEqual(try await store.listedRuns(RunQuery(limit: 100)).count, 39 + 54, "all of them in the end")
    },
    Check("a limit of runs beyond 1...100 is the nearest within") { store in
      try await store.insertRuns((0..<102).map { "run-\($0)" })
      for (limit, count) in [(Int.min, 1), (0, 1), (1, 1), (100, 100), (101, 100), (Int.max, 100)] {
        let page = try await store.runs.list(RunQuery(limit: limit))
        try expectEqual(page.runs.count, count, "runs for a limit of \(limit)")
        try expect(page.next != nil, "no next page for a limit of \(limit)")
      }
    },
    Check("filters of runs leave only what matches, with paging") { store in
      for agent in ["a", "b"] {
        try await store.insert(agent)
        for (index, status) in (RunStatus.allCases + RunStatus.allCases).enumerated() {
          try await store.runs.insert(
            StoreSamples.run("\(agent)-\(status)-\(index)", agent: agent, at: Double(index)) { $0.status = status })
        }
      }
      let all = try await store.listedRuns()
      try expectEqual(all.count, 20, "all runs")
      for agent in [nil, "a", "b"] {
        for status in [nil] + RunStatus.allCases.map(Optional.some) {
          let wanted = all.filter { id in
            let words = id.split(separator: "-").map(String.init)
            return (agent == nil || words[0] == agent) && (status == nil || words[1] == status?.rawValue)
          }
          for limit in [1, 100] {
            try expectEqual(
              try await store.listedRuns(RunQuery(agentID: agent, status: status, limit: limit)), wanted,
              "of agent \(agent ?? "any") in status \(status?.rawValue ?? "any")")
          }
        }
      }
    },
    Check("filters see a run as it is after a change") { store in
      try await store.insertRuns(["r"])
      try await store.changeRun("r") { $0.status = .failed }
      try expectEqual(try await store.listedRuns(RunQuery(status: .queued)), [], "by its old status")
      try expectEqual(try await store.listedRuns(RunQuery(agentID: "a", status: .failed)), ["r"], "by its new one")
    },
    Check("a filter by agent compares bytes, and is only text") { store in
      let agents = ["\u{E9}", "e\u{301}", "o\u{0}1", "o\u{0}2"]
      for agent in agents { try await store.insertRuns(["of " + agent], agent: agent) }
      for agent in agents {
        let ids = try await store.listedRuns(RunQuery(agentID: agent))
        try expectEqual(ids.map { Array($0.utf8) }, [Array("of \(agent)".utf8)], "by the agent \(agent)")
      }
      for agent in ["o", "", "nobody", "' OR 1=1 --", "%", "*", "'; DROP TABLE runs; --"] {
        try expectEqual(try await store.listedRuns(RunQuery(agentID: agent)), [], "by \(agent)")
      }
    },
  ]
}
