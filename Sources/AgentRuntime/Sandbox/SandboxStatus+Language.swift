extension SandboxStatus {
  /// Why no program of a language can be run here, and what to change; nil where it can.
  public func refusal(of language: SandboxLanguage) -> String? {
    if let refusal { return refusal }
    guard let language = languages[language] else { return "the sandbox has no \(language.rawValue)" }
    return language.refusal
  }
}
