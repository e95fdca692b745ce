import AgentGraph
import AgentJSON

extension MemoryStoreConformance {
  static let lifetimeChecks: [Check] = [
    Check("an item lives as long as it was given, to the microsecond") { store, time in
      let namespace = try MemoryNamespace("a")
      let put = try await store.put(namespace, "k", 1, timeToLive: .seconds(2))
      try expectEqual(put.expiresAt, time.now + 2_000_000, "when it expires")
      time.pass(microseconds: 1_999_999)
      try expectEqual(try await store.get(namespace, "k"), put, "at the last moment")
      time.pass(microseconds: 1)
      try expect(try await store.get(namespace, "k") == nil, "it outlived its time")
    },
    Check("a time to live is rounded up to microseconds") { store, time in
      let namespace = try MemoryNamespace("a")
      let lives: [(Duration, UInt64)] = [
        (.nanoseconds(1), 1), (.nanoseconds(1001), 2), (.microseconds(5), 5),
        (.seconds(3_155_760_000), 3_155_760_000_000_000),
      ]
      for (life, microseconds) in lives {
        let item = try await store.put(namespace, "k", 1, timeToLive: life)
        try expectEqual(item.expiresAt, time.now + microseconds, "\(life)")
      }
    },
    Check("nothing sees an item that has expired") { store, time in
      let (mortal, mixed) = (try MemoryNamespace("mortal"), try MemoryNamespace("mixed"))
      try await store.fill(mortal, ["a", "b"], timeToLive: .seconds(1))
      try await store.fill(mixed, ["c", "e"], timeToLive: .seconds(1))
      try await store.fill(mixed, ["d"])
      time.pass(microseconds: 1_000_000)
      try expectEqual(try await store.keys(), ["d"], "all keys")
      try expectEqual(try await store.keys(mortal), [], "the keys of a namespace that has expired")
      try expectEqual(try await store.keys(mixed, MemoryFilter([], .gte, 0)), ["d"], "by a filter")
      try expectEqual(try await store.lists(), [["mixed"]], "the namespaces")
      try expect(!(try await store.delete(mortal, "a")), "it was deleted as if it were there")
      try expectEqual(try await store.search(MemoryQuery(limit: 1)).nextOffset, nil, "the offset after the only one")
    },
    Check("a put over an item that has expired makes a new one") { store, time in
      let namespace = try MemoryNamespace("a")
      // More than any put sweeps along the way.
      let keys = (0..<200).map { "k\($0)" }
      try await store.fill(namespace, keys, timeToLive: .seconds(1))
      time.pass(microseconds: 1_000_000)
      for key in keys.reversed() {
        try expectEqual(try await store.put(namespace, key, 1).createdAt, time.now, "when \(key) was created")
      }
    },
    Check("a put sets the time to live anew, or takes it away") { store, time in
      let namespace = try MemoryNamespace("a")
      try await store.fill(namespace, ["longer", "forever", "shorter"], timeToLive: .seconds(10))
      time.pass(microseconds: 5_000_000)
      try await store.put(namespace, "longer", 1, timeToLive: .seconds(10))
      try await store.put(namespace, "forever", 1)
      try await store.put(namespace, "shorter", 1, timeToLive: .seconds(1))
      time.pass(microseconds: 2_000_000)
      try expectEqual(try await store.keys(), ["forever", "longer"], "after the shorter one's end")
      time.pass(microseconds: 100_000_000)
      try expectEqual(try await store.keys(), ["forever"], "after the longer one's end")
    },
    Check("reading refreshes the time to live only where asked to") { store, time in
      let namespace = try MemoryNamespace("a")
      try await store.fill(namespace, ["got", "found", "read", "seen", "late"], timeToLive: .seconds(10))
      try await store.fill(namespace, ["forever"])
      time.pass(microseconds: 9_000_000)
      let item = try await store.get(namespace, "got", refreshing: true)
      try expectEqual(item?.expiresAt, time.now + 10_000_000, "when it expires after a refresh")
      try expectEqual(item?.updatedAt, ManualTime.start, "the time of its update")
      _ = try await store.get(namespace, "read")
      // "found" (1) and "forever" (0) only: the limit leaves out "late" (4).
      let filters = [MemoryFilter([], .ne, 0), MemoryFilter([], .ne, 2), MemoryFilter([], .ne, 3)]
      let found = try await store.search(MemoryQuery(filters: filters, limit: 1, refreshesTimeToLive: true))
      try expectEqual(found.items.map(\.key), ["found"], "what was found")
      try expectEqual(found.items.first?.expiresAt, time.now + 10_000_000, "when that expires")
      time.pass(microseconds: 1_000_000)
      try expectEqual(try await store.keys(), ["forever", "found", "got"], "after the first end")
      time.pass(microseconds: 9_000_000)
      try expectEqual(try await store.keys(), ["forever"], "after the second")
    },
    Check("a refresh does not bring an item back, nor give an end to one without") { store, time in
      let namespace = try MemoryNamespace("a")
      try await store.fill(namespace, ["k"], timeToLive: .seconds(1))
      try await store.fill(namespace, ["forever"])
      time.pass(microseconds: 1_000_000)
      try expect(try await store.get(namespace, "k", refreshing: true) == nil, "it came back")
      let page = try await store.search(MemoryQuery(refreshesTimeToLive: true))
      try expectEqual(page.items.map(\.key), ["forever"], "what was found")
      try expectEqual(page.items.first?.expiresAt, nil, "its end")
      try expectEqual(try await store.get(namespace, "forever", refreshing: true)?.expiresAt, nil, "its end")
    },
    Check("a sweep removes what has expired, some at a time, and nothing else") { store, time in
      let namespace = try MemoryNamespace("a")
      try await store.fill(namespace, (0..<30).map { "old\($0)" }, timeToLive: .seconds(1))
      try await store.fill(namespace, ["new"], timeToLive: .seconds(100))
      try await store.fill(namespace, ["forever"])
      try expectEqual(try await store.sweepExpired(max: 10), 0, "before anything has expired")
      time.pass(microseconds: 1_000_000)
      var removed: [Int] = []
      while removed.last ?? 12 == 12 { removed.append(try await store.sweepExpired(max: 12)) }
      try expectEqual(removed, [12, 12, 6], "removed")
      try expectEqual(try await store.keys(), ["forever", "new"], "what is left")
    },
  ]
}
