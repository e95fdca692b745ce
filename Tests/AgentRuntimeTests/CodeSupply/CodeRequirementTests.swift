import Testing

@testable import AgentRuntime

@Suite struct CodeRequirementTests {
  @Test(arguments: [
    ("requests==2.32.0", "requests==2.32.0"), ("Requests == 2.32.0", "requests==2.32.0"),
    ("zope.interface==5.0", "zope-interface==5.0"), ("A__b.-c==1", "a-b-c==1"),
    ("httpx[http2]==0.27.0", "httpx[http2]==0.27.0"),
    ("httpx [ Socks , http2 ] ==0.27.0", "httpx[http2,socks]==0.27.0"),
    ("a==1!2.0.post3.dev4", "a==1!2.0.post3.dev4"), ("a==1.0rc1", "a==1.0rc1"), ("a==1a0", "a==1a0"),
    ("a==1.0b2.post1", "a==1.0b2.post1"), ("a==1.0+ubuntu.1", "a==1.0+ubuntu.1"), ("a==2024.1", "a==2024.1"),
  ])
  func oneExactVersionByName(text: String, meaning: String) throws {
    #expect(try CodeRequirement(text).description == meaning)
  }

  @Test(arguments: [
    ("", "is empty"), ("requests", "names no exact version"), ("requests>=2", "names no exact version"),
    ("requests===2", "names no exact version"), ("requests~=2.0", "names no exact version"),
    ("requests==", "no version"), ("requests==2.*", "no version"), ("requests==v2", "no version"),
    ("requests==2,<3", "no version"), ("requests==2..0", "no version"), ("requests==1.0-1", "no version"),
    ("requests==2==3", "no version"), ("requests==2\n--index-url=x", "no version"),
    ("requests==1.0 2", "does not begin"), ("a b==1", "does not begin"), ("-e==1", "an option"),
    ("--index-url x", "an option"), ("-r file", "an option"), ("==1.0", "does not begin"), ("_a==1", "does not begin"),
    ("a-==1", "does not begin"), ("ä==1", "does not begin"), ("a[==1", "does not begin"),
    ("a[b]c==1", "does not begin"),
    ("a[]==1", "does not begin"), ("a==1; python_version>'3'", "marker"), ("a @ https://x/y.whl", "URL or a path"),
    ("https://x/a==1", "URL or a path"), ("./a==1", "URL or a path"), ("..==1", "URL or a path"),
    ("git+https://x/a", "URL or a path"), ("a\u{0}==1", "does not begin"), ("$(id)==1", "does not begin"),
  ])
  func everythingElseIsRefused(text: String, problem: String) {
    #expect {
      _ = try CodeRequirement(text)
    } throws: { error in
      let message = (error as? CodeGrammarFault)?.message ?? ""
      return message.contains(problem) && message.contains("allowed is one exact version")
    }
  }

  @Test func lengthsAreBounded() {
    let text = String(repeating: "a", count: 300) + "==1"
    #expect {
      _ = try CodeRequirement(text)
    } throws: { error in
      let message = (error as? CodeGrammarFault)?.message ?? ""
      return message.contains("200 characters") && message.count < 300
    }
  }

  @Test(arguments: [
    ("support-bot==1.2", "support-bot==1.2", "support_bot"), ("support-bot==1.2:agent", "support-bot==1.2", "agent"),
    (" a.b==1:c.d_e.F2 \n", "a-b==1", "c.d_e.F2"),
  ])
  func aPackageHasAModule(text: String, requirement: String, module: String) throws {
    let package = try CodePackage(text)
    #expect(package.requirement.description == requirement && package.module == module)
  }

  @Test(arguments: [
    "a==1:", "a==1:b-c", "a==1:1b", "a==1:b..c", "a==1:b;import os", "a==1:b c", "a:b", "https://x/y==1", "a==1:b:c",
  ])
  func whatIsNoModuleIsRefused(text: String) {
    #expect(throws: CodeGrammarFault.self) { _ = try CodePackage(text) }
  }

  @Test func requestsAreSortedAndWithoutRepetition() throws {
    let requirements = try ["b==1", "a==2", "b==1"].map { try CodeRequirement($0) }
    let request = CodeLayerRequest(language: .python, interpreter: "3.11.2", requirements: requirements)
    #expect(request.requirements.map(\.description) == ["a==2", "b==1"])
    #expect(
      request == CodeLayerRequest(language: .python, interpreter: "3.11.2", requirements: requirements.reversed()))
  }
}
