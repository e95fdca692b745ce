import AgentRuntime

extension RuntimeStoreConformance {
  static let lineChecks: [Check] = [
    Check("a line's release is the published release with the highest number") { store in
      for number in [2, 10, 9] { try await release(store, "v\(number)", number) }
      try expectEqual(try await store.publishedRelease(line: "line")?.id, "v10", "of 2, 10 and 9")
    },
    Check("of equal numbers the last created is the line's release") { store in
      for id in ["b", "c", "a"] { try await release(store, id, 3) }
      try expectEqual(try await store.publishedRelease(line: "line")?.id, "a", "of b, c, a")
    },
    Check("neither betas nor unpublished versions are a line's release") { store in
      try await release(store, "good", 1)
      try await release(store, "beta", 2) { $0.versionType = .beta }
      for status in AgentStatus.allCases where status != .published {
        try await release(store, status.rawValue, 9) { $0.status = status }
      }
      try expectEqual(try await store.publishedRelease(line: "line")?.id, "good", "the release")
    },
    Check("a line without a release has none") { store in
      try expect(try await store.publishedRelease(line: "line") == nil, "an unknown line has a release")
      try await release(store, "beta", 2) { $0.versionType = .beta }
      try expect(try await store.publishedRelease(line: "line") == nil, "a line of betas has a release")
      try await release(store, "other", 1) { $0.agentLineID = "line2" }
      try expect(try await store.publishedRelease(line: "line") == nil, "another line's release counts")
    },
    Check("the release follows updates and deletions") { store in
      try await release(store, "v1", 1)
      try await release(store, "v2", 2)
      let revoked = StoreSamples.agent("v2") {
        $0.agentLineID = "line"
        $0.versionType = .release
        $0.versionNumber = 2
        $0.status = .revoked
        $0.revision = 2
      }
      try await store.replaceAgent(revoked, expecting: 1, changes: ["status"])
      try expectEqual(try await store.publishedRelease(line: "line")?.id, "v1", "after v2 was revoked")
      _ = try await store.deleteAgent("v1")
      try expect(try await store.publishedRelease(line: "line") == nil, "a release is left after v1 was deleted")
    },
  ]

  private static func release(
    _ store: any RuntimeStore, _ id: String, _ number: Int, _ change: (inout AgentDefinition) -> Void = { _ in }
  ) async throws {
    try await store.insert(id) {
      $0.agentLineID = "line"
      $0.versionType = .release
      $0.versionNumber = number
      $0.status = .published
      change(&$0)
    }
  }
}
