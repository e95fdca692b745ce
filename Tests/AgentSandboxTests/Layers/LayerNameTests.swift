import AgentRuntime
import Testing

@testable import AgentSandbox

@Suite struct LayerNameTests {
  @Test(arguments: [
    (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (3, "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"),
    (55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
    (56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
    (64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
    (1000, "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
  ])
  func digestsAreSHA256s(count: Int, digest: String) {
    #expect(SHA256.hex(Array(repeating: UInt8(ascii: "a"), count: count)) == digest)
  }

  private func name(
    _ requirements: [String], interpreter: String = "3.11.2", language: SandboxLanguage = .python,
    index: PackageIndex? = PackageIndex(url: "https://index.example/simple")
  ) throws -> String {
    let requirements = try requirements.map { try CodeRequirement($0) }
    return CodeLayerRequest(language: language, interpreter: interpreter, requirements: requirements).name(index: index)
  }

  @Test func whatChangesTheFilesChangesTheName() throws {
    let first = try name(["a==1", "b==2"])
    #expect(first.count == 64)
    #expect(try name(["B==2", "a == 1", "a==1"]) == first && name(["a==1", "b==2"], interpreter: "3.11.9") == first)
    let login = PackageIndex(url: "https://index.example/simple", user: "me:key")
    #expect(try name(["a==1", "b==2"], index: login) == first)
    let others = [
      try name(["a==1"]), try name(["a==1", "b==2.0"]), try name(["a==1", "b==2"], interpreter: "3.13.0"),
      try name(["a==1", "b==2"], index: PackageIndex(url: "https://other.example/simple")),
      try name(["a[x]==1", "b==2"]),
    ]
    #expect(Set(others + [first]).count == 6)
  }

  @Test func anIndexShowsNoPassword() {
    let index = PackageIndex(url: "https://index.example:8443/simple", user: "me:k%40y")
    #expect(
      index.revealedURL == "https://me:k%40y@index.example:8443/simple" && index.authority == "index.example:8443")
    var dumped = ""
    dump(index, to: &dumped)
    #expect(!"\(index) \(String(reflecting: index)) \(dumped)".contains("k%40y"))
    #expect(
      index.redacted("at https://me:k%40y@index.example with k@y and k%40y")
        == "at https://***@index.example with *** and ***")
    #expect(!index.isPlain && PackageIndex(url: "http://127.0.0.1:80/x").isLoopback)
    #expect(PackageIndex(url: "http://[::1]:80/x").isLoopback && !PackageIndex(url: "http://index.example").isLoopback)
  }
}
