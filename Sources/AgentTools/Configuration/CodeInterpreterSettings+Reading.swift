public import AgentJSON
public import AgentRuntime

extension CodeInterpreterSettings {
  /// Reads `{timeout, memory_mb, session_files_mb}`: seconds and MiB; unknown members are faults.
  ///
  /// Returns nil with all faults if there is one.
  public static func decode(
    _ object: JSONObject, path: [Fault.Step]
  ) -> (settings: CodeInterpreterSettings?, faults: [Fault]) {
    var reader = ObjectReader(object, path: path)
    reader.refuseMembers(besides: ["timeout", "memory_mb", "session_files_mb"])
    var settings = CodeInterpreterSettings()
    if let seconds = reader.number("timeout", 0.1...300) { settings.timeout = .seconds(seconds) }
    if let count = reader.integer("memory_mb", 64...2048) { settings.memoryMB = count }
    if let count = reader.integer("session_files_mb", 0...256) { settings.sessionFilesBytesMax = count << 20 }
    return reader.faults.isEmpty ? (settings, []) : (nil, reader.faults)
  }
}
