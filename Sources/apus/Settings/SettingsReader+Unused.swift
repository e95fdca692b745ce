extension SettingsReader {
  /// Checks the settings that are accepted though nothing comes of them yet, and says so.
  mutating func warnOfUnused() {
    if text("RELOAD") != nil { warn("RELOAD is ignored: no file is watched; SIGHUP reloads the configuration files") }
  }
}
