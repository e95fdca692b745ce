import AgentRuntime
import Testing

@testable import AgentSandbox

/// What is made of the words of pip and git.
@Suite struct SupplyWordsTests {
  private let confinement = Confinement(supervisor: "/nowhere")
  private let index = PackageIndex(url: "http://index.example/simple", user: "me:secret")

  private var pip: PipInstall {
    let python = PipPython(executable: "/usr/bin/python3", version: "3.11.2", pip: "23", folders: [])
    return PipInstall(index: index, python: python, confinement: confinement, layerMaxMB: 5)
  }

  private func reason(_ cause: Confinement.End.Cause, _ words: String) throws -> CodeRefused.Reason? {
    let requirements = [try CodeRequirement("a==1"), try CodeRequirement("no-such.thing==2")]
    return try pip.reason(Confinement.End(cause: cause, words: words), requirements)
  }

  @Test func pipReadsEverythingFromAFile() throws {
    let text = pip.requirementsText([try CodeRequirement("a==1"), try CodeRequirement("b[x]==2")])
    #expect(
      text == "--index-url http://me:secret@index.example/simple\n--trusted-host index.example\na==1\nb[x]==2\n")
  }

  @Test func aMissingPackageIsNamed() throws {
    let words = """
      WARNING: something
      ERROR: Could not find a version that satisfies the requirement no_such-thing==2 (from versions: 1, 3)
      ERROR: No matching distribution found for no_such-thing==2
      """
    let found = try #require(try reason(.exited(1), words))
    #expect(found.subject == .requirement(try CodeRequirement("no-such-thing==2")) && found.type == "not_found")
    #expect(found.message.contains("from versions: 1, 3") && found.message.contains("only wheels"))
    #expect(try reason(.exited(0), words) == nil)
  }

  @Test func whatANeededPackageLacksConcernsAll() throws {
    let missing = try reason(.exited(1), "ERROR: No matching distribution found for other==2")
    #expect(missing?.subject == .whole)
    let conflict = "ERROR: Cannot install a==1 and b==2 because\nERROR: ResolutionImpossible: for help visit x"
    #expect(try reason(.exited(1), conflict)?.message.contains("Cannot install a==1 and b==2") == true)
    #expect(try reason(.exited(2), "Traceback me:secret")?.message.contains("***") == true)
    #expect(try reason(.disk, "")?.message.contains("CODE_LAYER_MAX_MB allows (5 MB)") == true)
    #expect(try reason(.memory, "")?.type == "too_large")
  }

  @Test(arguments: [
    "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError: refused': /simple/a/",
    "2026-01-01T00:00:00,1 Could not fetch URL http://me:secret@index.example/simple/a/: 401 Client Error: no",
    "Could not fetch URL http://index.example/simple/a/: 503 Server Error: secret",
  ])
  func anIndexThatIsAwayIsNotTheAuthorsFault(line: String) {
    #expect {
      _ = try reason(.exited(1), line + "\nERROR: No matching distribution found for a==1")
    } throws: { error in
      guard let message = (error as? CodeSupplyUnavailable)?.message else { return false }
      return message.contains("index") && !message.contains("secret") && !message.contains("2026")
    }
    #expect(throws: CodeSupplyUnavailable.self) { try reason(.timeout, "") }
  }

  @Test(arguments: [
    ("fatal: remote error: upload-pack: not our ref 0123", false), ("fatal: repository 'x' not found", false),
    ("fatal: unable to access 'x': Could not resolve host: x", true), ("fatal: could not read Username", false),
    ("fatal: unable to access 'x': The requested URL returned error: 503", true),
    ("fatal: unable to update url base from redirection", false),
  ])
  func gitsWordsAreTold(words: String, isTrouble: Bool) throws {
    let repository = try #require(
      CodeRepository(url: "https://git.example.com/b", commit: "0123456789abcdef0123456789abcdef01234567"))
    let git = GitFetch(confinement: confinement, layerMaxMB: 5)
    let end = Confinement.End(cause: .exited(128), words: "hint: no\n\(words)\n")
    if isTrouble {
      #expect(throws: CodeSupplyUnavailable.self) { try git.reason(end, repository) }
    } else {
      let found = try #require(try git.reason(end, repository))
      #expect(found.subject == .repository && found.message.contains(words) && !found.message.contains("hint"))
    }
    #expect(try git.reason(Confinement.End(cause: .disk, words: ""), repository)?.type == "too_large")
    #expect(throws: CodeSupplyUnavailable.self) { try git.reason(.init(cause: .exited(127), words: ""), repository) }
  }

  @Test func aPythonNeedsWhatTheSystemLacks() {
    let folders = ["/usr/lib/python3", "/opt/py/lib", "/opt/py", "/opt/py2", "/", "relative", "/usr", "/usrlocal"]
    #expect(PipPython.needed(folders) == ["/opt/py", "/opt/py2", "/usrlocal"])
  }
}
