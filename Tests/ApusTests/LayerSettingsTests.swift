import AgentRuntime
import Logging
import Testing

@testable import AgentSandbox
@testable import apus

@Suite struct LayerSettingsTests {
  private func read(_ variables: [String: String]) -> (settings: Settings, faults: [String]) {
    let (settings, faults) = Settings.inspect(
      environment: SettingsTests.needed.merging(variables) { $1 }, dotenv: nil)
    return (settings, faults.map(\.description))
  }

  @Test func allIsOffByDefault() {
    let settings = read([:]).settings
    #expect(settings.packageIndex == nil && settings.repositoryHosts.isEmpty && settings.pipPython == nil)
    #expect(settings.layersPath == nil && settings.layerMaxMB == 256 && settings.layersMaxMB == 2048)
  }

  @Test func everyVariableIsRead() {
    let (settings, faults) = read([
      "CODE_PACKAGE_INDEX": "https://me:pass%40word@index.example:8443/simple/",
      "CODE_REPOSITORY_HOSTS": "Git.example.com, http://localhost:3000", "CODE_PIP": "/bin/sh",
      "CODE_LAYERS_PATH": "/var/lib/apus/layers", "CODE_LAYER_MAX_MB": "10", "CODE_LAYERS_MAX_MB": "20",
    ])
    #expect(faults.isEmpty && settings.packageIndex?.url == "https://index.example:8443/simple")
    #expect(settings.repositoryHosts.map(\.description) == ["git.example.com", "http://localhost:3000"])
    #expect(settings.pipPython == "/bin/sh" && settings.layersPath == "/var/lib/apus/layers")
    #expect(settings.layerMaxMB == 10 && settings.layersMaxMB == 20 && settings.warnings.isEmpty)
    for secret in ["pass%40word", "pass@word"] { #expect(settings.secrets.contains(secret)) }
    #expect(!"\(settings)".contains("pass%40word"))
  }

  @Test(arguments: [
    ("CODE_PACKAGE_INDEX", "index.example"), ("CODE_PACKAGE_INDEX", "ftp://index.example"),
    ("CODE_PACKAGE_INDEX", "https://"), ("CODE_PACKAGE_INDEX", "https://index.example/?key=secret"),
    ("CODE_PACKAGE_INDEX", "https://@index.example"), ("CODE_PACKAGE_INDEX", "https://me:secret@y@index.example"),
    ("CODE_PACKAGE_INDEX", "https://me:secret@"), ("CODE_REPOSITORY_HOSTS", "git.example.com,"),
    ("CODE_REPOSITORY_HOSTS", "*"), ("CODE_REPOSITORY_HOSTS", "git.example.com/team"),
    ("CODE_REPOSITORY_HOSTS", "me:secret@git.example.com"), ("CODE_PIP", "/nonexistent"), ("CODE_LAYER_MAX_MB", "0"),
    ("CODE_LAYER_MAX_MB", "4096"), ("CODE_LAYERS_MAX_MB", "100"), ("CODE_LAYERS_MAX_MB", "much"),
  ])
  func wrongValuesAreNamed(name: String, value: String) throws {
    let line = try #require(read([name: value]).faults.first)
    // The limit of one layer is at fault where it is above that of all.
    let named = value == "100" ? "CODE_LAYER_MAX_MB " : name + " "
    #expect(line.contains("(allowed: ") && !line.contains("secret") && line.hasPrefix(named))
  }

  @Test(arguments: [
    ("http://index.example/simple", true), ("http://127.0.0.1:8000/simple", false), ("http://localhost/simple", false),
    ("http://[::1]:8000", false), ("https://index.example", false),
  ])
  func anIndexWithoutTLSIsWarnedOf(url: String, isWarned: Bool) {
    let (settings, faults) = read(["CODE_PACKAGE_INDEX": url])
    #expect(faults.isEmpty && settings.packageIndex != nil && settings.warnings.isEmpty != isWarned)
  }

  @Test func layersAreBesideTheDatabase() {
    let on = ["CODE_REPOSITORY_HOSTS": "git.example.com", "DATABASE_URL": "sqlite:////var/lib/apus/a.db"]
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    #expect(read(on).settings.layers(logger: logger)?.configuration.folder == "/var/lib/apus/layers")
    #expect(read([:]).settings.layers(logger: logger) == nil)
  }
}
