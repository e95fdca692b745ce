import AgentRuntime

extension WorkerPoolStateMachine {
  /// How it stands, for people.
  var status: SandboxStatus {
    guard let facts else { return SandboxStatus(refusal: refusal ?? down) }
    var status = SandboxStatus(
      refusal: refusal ?? down, isolation: facts.isolation, enforcement: facts.enforcement)
    for language in SandboxLanguage.allCases {
      var entry = SandboxStatus.Language(
        versions: facts.newestFirst(language), target: target(WorkerKind(language: language.kind)))
      if case .failure(let unavailable) = place(language, nil) { entry.refusal = unavailable.message }
      for (kind, state) in kinds where kind.language & 0xFF == language.kind {
        entry.idle += state.idle.count
        entry.busy += state.busy
        entry.coldStarts += state.coldStarts
      }
      status.languages[language] = entry
    }
    return status
  }
}
