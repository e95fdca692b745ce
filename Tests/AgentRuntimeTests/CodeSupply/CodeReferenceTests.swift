import Testing

@testable import AgentRuntime

private let commit = "0123456789abcdef0123456789abcdef01234567"

@Suite struct CodeReferenceTests {
  @Test(arguments: [
    ("https://git.example.com/team/bot.git@\(commit)", "https://git.example.com/team/bot.git", nil),
    ("https://Git.Example.com:443/b@\(commit.uppercased())", "https://git.example.com/b", nil),
    ("https://git.example.com:8443/~me/b+c@\(commit)#src/bot.py", "https://git.example.com:8443/~me/b+c", "src/bot.py"),
    ("http://localhost:3000/b@\(commit)#main.js\n", "http://localhost:3000/b", "main.js"),
    ("https://[::1]:8443/b@\(commit)", "https://[::1]:8443/b", nil),
    ("https://git.example.com/a@b@\(commit)#a b.py", nil, nil),
  ])
  func oneCommitOfOneRepository(text: String, url: String?, file: String?) throws {
    guard let url else {
      #expect(throws: CodeGrammarFault.self) { _ = try CodeReference(text) }
      return
    }
    let reference = try CodeReference(text)
    #expect(reference.repository.url == url && reference.file == file && reference.repository.commit == commit)
  }

  @Test(arguments: [
    ("", "begin with https://"), ("git.example.com/b@\(commit)", "begin with https://"),
    ("ssh://git.example.com/b@\(commit)", "begin with https://"), ("file:///b@\(commit)", "begin with https://"),
    ("https://git.example.com/b", "names no commit"), ("https://git.example.com/b@main", "not pinned"),
    ("https://git.example.com/b@\(commit.dropLast())", "not pinned"),
    ("https://git.example.com/b@\(commit)0", "not pinned"),
    ("https://git.example.com/b@--upload-pack=x", "not pinned"),
    ("https://me:key@git.example.com/b@\(commit)", "password"),
    ("https://@git.example.com/b@\(commit)", "password"), ("https:///b@\(commit)", "no host"),
    ("https://git_.example.com:0/b@\(commit)", "no host"), ("https://-x/b@\(commit)", "no host"),
    ("https://a b/c@\(commit)", "no host"), ("https://git.example.com/@\(commit)", "path"),
    ("https://git.example.com/a//b@\(commit)", "path"), ("https://git.example.com/../b@\(commit)", "path"),
    ("https://git.example.com/b?x=1@\(commit)", "path"), ("https://git.example.com/%2e%2e/b@\(commit)", "path"),
    ("https://git.example.com/b;id@\(commit)", "path"), ("https://git.example.com/b@\(commit)#", "no file"),
    ("https://git.example.com/b@\(commit)#../x.py", "no file"),
    ("https://git.example.com/b@\(commit)#/etc/x", "no file"),
    ("https://git.example.com/b@\(commit)#a/./b.py", "no file"),
    ("https://git.example.com/b@\(commit)#.git/config", "no file"),
    ("https://git.example.com/b@\(commit)#a\\b.py", "no file"), ("https://git.example.com/b@\(commit)#a\nb", "no file"),
  ])
  func everythingElseIsRefused(text: String, problem: String) {
    #expect {
      _ = try CodeReference(text)
    } throws: { error in
      let message = (error as? CodeGrammarFault)?.message ?? ""
      return message.contains(problem) && message.contains("allowed is https://") && !message.contains("me:key")
    }
  }

  @Test(arguments: [
    ("git.example.com", "git.example.com"), ("https://Git.example.com", "git.example.com"),
    ("git.example.com:443", "git.example.com"), ("git.example.com:8443", "git.example.com:8443"),
    ("http://localhost:3000", "http://localhost:3000"), ("http://localhost:80", "http://localhost"),
    ("[::1]:8443", "[::1]:8443"), ("", nil), ("a b", nil), ("git.example.com/x", nil), ("git.example.com:", nil),
    ("git.example.com:0", nil), ("git.example.com:99999", nil), ("*", nil), ("me@git.example.com", nil), ("[::1", nil),
    ("a..b", nil), ("[]", nil), ("ö.de", nil),
  ])
  func hostsAreCompared(text: String, meaning: String?) { #expect(CodeHost(text)?.description == meaning) }

  @Test func schemeAndPortMustBeTheOnesThatAreAllowed() throws {
    let policy = CodeSupplyPolicy(hosts: ["git.example.com", "http://localhost:3000"].compactMap { CodeHost($0) })
    let allowed = ["https://git.example.com/b", "http://localhost:3000/b"]
    let refused = [
      "http://git.example.com/b", "https://localhost:3000/b", "https://git.example.com:8443/b",
      "https://x.git.example.com/b",
      "https://git.example.com.evil.example/b",
    ]
    for url in allowed { #expect(policy.refusal(of: try CodeReference("\(url)@\(commit)").repository.host) == nil) }
    for url in refused {
      let words = policy.refusal(of: try CodeReference("\(url)@\(commit)").repository.host)
      #expect(words?.contains("allowed: git.example.com, http://localhost:3000") == true)
    }
  }
}
