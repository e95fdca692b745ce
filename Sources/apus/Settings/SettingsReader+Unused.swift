extension SettingsReader {
  /// Checks the settings that are accepted though nothing comes of them yet, and says so.
  mutating func warnOfUnused() {
    if text("RELOAD") != nil { warn("RELOAD is ignored: the runtime does not watch its files") }
    if file("TOOLSETS_FILE", allowed: "a YAML file that this user may read") != nil {
      warn("TOOLSETS_FILE has no effect: this build has no toolsets yet")
    }
    for name in ["RATE_LIMIT_PER_TOKEN", "RATE_LIMIT_PER_IP"] {
      let limit = value(name, or: nil as Int?, allowed: "a positive whole number of requests a minute, or off") {
        text throws(Problem) in
        if text.lowercased() == "off" { return nil }
        guard let number = Int(text), number > 0 else { throw Problem("is not one") }
        return number
      }
      if limit != nil { warn("\(name) has no effect: this build limits no rates yet") }
    }
    for name in ["RUN_RETENTION", "THREAD_RETENTION"] {
      if let text = text(name), text.lowercased() != "off" {
        warn("\(name) has no effect: this build removes nothing by age yet")
      }
    }
  }
}
