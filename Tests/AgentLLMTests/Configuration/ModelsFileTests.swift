import AgentJSON
import AgentRuntime
import Testing

@testable import AgentLLM

@Suite(.timeLimit(.minutes(1))) struct ModelsFileTests {
  private func read(_ text: String, other: ModelRoute? = nil) throws -> (routes: ModelRoutes?, faults: [String]) {
    let defaults = ModelRoutes.Defaults(timeout: .seconds(60), other: other)
    let (routes, faults) = ModelRoutes.read(
      try JSONValue(parsing: text), environment: { $0 == "KEY" ? "secret" : nil }, defaults: defaults)
    return (routes, faults.map { "\($0.pathText): \($0.type)" }.sorted())
  }

  @Test func readsWhatThereIs() throws {
    let (routes, faults) = try read(
      #"""
      {"models": {
        "big": {"upstreams": [
          {"base_url": "http://one.test/v1", "api_key_env": "KEY", "send_config_id": true, "timeout": 5},
          {"name": "second", "base_url": "http://two.test", "model": "gpt-x"}],
          "fallbacks": ["small"], "defaults": {"temperature": 0.1},
          "limits": {"requests_per_minute": 6, "tokens_per_minute": 900}, "multimodal": false},
        "small": {"upstreams": [{"base_url": "http://three.test"}]},
        "*": {"upstreams": [{"base_url": "http://four.test"}]}}}
      """#)
    #expect(faults.isEmpty)
    let big = routes?.byID["big"]
    #expect(big?.upstreams.map(\.name) == ["big/0", "second", "small/0"])
    #expect(big?.upstreams.map(\.modelName) == ["big", "gpt-x", "small"])
    #expect(big?.upstreams[0].apiKey?.revealed == "secret" && big?.upstreams[0].sendsConfigHeader == true)
    #expect(big?.upstreams.map(\.requestTimeout) == [.seconds(5), .seconds(60), .seconds(60)])
    #expect(big?.traits.rates.requests?.count == 6 && big?.traits.isMultimodal == false)
    #expect(big?.defaults == ["temperature": 0.1])
    #expect(routes?.byID.count == 2)
    #expect(routes?.other?.upstreams.map(\.modelName) == [nil])
  }

  @Test(
    arguments: [
      ("[]", [": wrong_type"]), ("{}", ["models: missing"]),
      (#"{"models":{},"x":1}"#, ["models: missing", "x: unknown"]),
      (#"{"models":{"a":1}}"#, ["models.a: wrong_type"]), (#"{"models":{"a":{}}}"#, ["models.a.upstreams: missing"]),
      (
        #"{"models":{"a":{"upstreams":[{},1,{"base_url":"ftp://x","api_key_env":"NONE","timeout":0,"modell":"x"}]}}}"#,
        [
          "models.a.upstreams[0].base_url: missing", "models.a.upstreams[1]: wrong_type",
          "models.a.upstreams[2].api_key_env: not_set", "models.a.upstreams[2].base_url: not_allowed",
          "models.a.upstreams[2].modell: unknown", "models.a.upstreams[2].timeout: out_of_range",
        ]
      ),
      (
        #"""
        {"models":{"a":{"upstreams":[{"base_url":"http://x"}],"fallbacks":["b","none"],"limits":{"requests_per_minute":0,"x":1}},
          "b":{"upstreams":[{"base_url":"http://x"}],"fallbacks":["a"],"defaults":{"model":"x"}}}}
        """#,
        [
          "models.a.fallbacks[0]: cycle", "models.a.fallbacks[1]: unknown",
          "models.a.limits.requests_per_minute: out_of_range", "models.a.limits.x: unknown",
          "models.b.defaults: not_allowed",
          "models.b.fallbacks[0]: cycle",
        ]
      ),
    ] as [(String, [String])])
  func tellsAllFaults(text: String, expected: [String]) throws {
    let (routes, faults) = try read(text)
    #expect(routes == nil && faults == expected)
  }

  @Test func otherIdsGoWhereTheyWentWithoutAFile() throws {
    let other = ModelRoute([try OpenAIUpstream(name: "llm_proxy", baseURL: "http://proxy.test")])
    let (routes, _) = try read(#"{"models":{"a":{"upstreams":[{"base_url":"http://x"}]}}}"#, other: other)
    #expect(routes?.other?.upstreams.map(\.name) == ["llm_proxy"])
  }
}
