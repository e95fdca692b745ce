import AgentJSON
import AgentRuntime
import Testing

struct TemplateCatalogTests {
  private let catalog = TemplateCatalog([SampleTemplate1.self, CustomerServiceBot.self, SampleTemplate.self])

  @Test func theLastNamedVersionIsTheNewest() {
    #expect(catalog.ids == ["sample", "customer-service-bot"])
    #expect(catalog.newest.map(\.about.version) == ["2.0.0", "1.0.0"])
    #expect(catalog.version(nil, of: "sample")?.about.version == "2.0.0")
    #expect(catalog.version("1.0.0", of: "sample")?.about.version == "1.0.0")
    #expect(catalog.versionNames(of: "sample") == ["1.0.0", "2.0.0"])
  }

  @Test func unknownOnesAreNil() {
    #expect(catalog.version(nil, of: "other") == nil)
    #expect(catalog.version("3.0.0", of: "sample") == nil)
    #expect(catalog.versionNames(of: "other") == [])
  }

  @Test func showsWhatThePlatformIsTold() {
    let json = catalog.version(nil, of: "sample")?.json
    #expect(json?["template_id"] == "sample" && json?["type"] == "sample-type" && json?["version"] == "2.0.0")
    #expect(
      json?["runtimeRequirements"] == ["memory": "1MB", "cpu": "1 core", "gpu": true, "estimatedLatency": "none"])
    #expect(json?["configSchema"]?["sections"] == SampleTemplate.Settings.formSections)
    #expect(json?["jsonSchema"]?["title"] == "Sample")
  }
}
