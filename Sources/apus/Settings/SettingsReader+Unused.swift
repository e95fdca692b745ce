extension SettingsReader {
  /// Checks the settings that are accepted though nothing comes of them yet, and says so.
  mutating func warnOfUnused() {
    if text("RELOAD") != nil { warn("RELOAD is ignored: no file is watched; SIGHUP reloads the configuration files") }
    for name in ["RUN_RETENTION", "THREAD_RETENTION"] {
      if let text = text(name), text.lowercased() != "off" {
        warn("\(name) has no effect: this build removes nothing by age yet")
      }
    }
  }
}
