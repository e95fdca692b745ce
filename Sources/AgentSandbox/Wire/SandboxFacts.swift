import AgentJSON
import AgentRuntime

/// What the supervisor says of itself in its first packet.
struct SandboxFacts: Sendable, Hashable {
  /// Nil where nothing isolates, and so nothing is run.
  var isolation: String?
  var reason: String?
  var enforcement: [String: String]
  /// The versions of each language in the order of the settings.
  var versions: [SandboxLanguage: [String]]

  /// Throws `JSONParseError` for what is no JSON.
  init(parsing bytes: [UInt8]) throws {
    let json = try JSONValue(parsing: bytes)
    let isolation = json["isolation"]?.stringValue
    self.isolation = isolation == "none" ? nil : isolation
    reason = json["reason"]?.stringValue
    enforcement = ["wall": "supervisor", "files": "tmpfs, rlimit"]
    for (name, key) in [("memory", "memory"), ("processes", "pids"), ("cpu", "cpu")] {
      enforcement[name] = json[key]?.stringValue.map(Self.words)
    }
    versions = [:]
    for language in SandboxLanguage.allCases {
      // One Deno runs both.
      let names = [language.rawValue] + (language == .python ? [] : ["javascript"])
      guard let entry = names.lazy.compactMap({ json["languages"]?[$0] }).first else { continue }
      let listed = entry["versions"]?.arrayValue?.compactMap(\.stringValue) ?? []
      let engine = entry["engine"]?.stringValue?.split(separator: " ").last.map(String.init)
      versions[language] = listed.isEmpty ? engine.map { [$0] } ?? [] : listed
    }
  }

  private static func words(_ name: String) -> String {
    switch name {
    case "cgroup1": "cgroup v1"
    case "cgroup2": "cgroup v2"
    default: name
    }
  }

  /// Versions, newest first.
  func newestFirst(_ language: SandboxLanguage) -> [String] {
    (versions[language] ?? []).sorted { Self.numbers($1).lexicographicallyPrecedes(Self.numbers($0)) }
  }

  /// Which kind of worker runs this: the language's number, and above it the interpreter's place. Nil where there is no
  /// such version.
  func kind(_ language: SandboxLanguage, version: String?) -> UInt32? {
    let all = versions[language] ?? []
    let wanted = newestFirst(language).first { candidate in
      version.map { candidate == $0 || candidate.hasPrefix($0 + ".") } ?? true
    }
    guard let wanted, let place = all.firstIndex(of: wanted) else { return nil }
    return language.kind | UInt32(place) << 8
  }

  private static func numbers(_ version: String) -> [Int] { version.split(separator: ".").map { Int($0) ?? 0 } }
}

extension SandboxLanguage {
  /// What the supervisor calls it.
  var kind: UInt32 { self == .python ? 1 : 2 }
}
