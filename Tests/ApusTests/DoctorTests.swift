import AgentHTTP
import AgentJSON
import AgentSQLite
import FoundationEssentials
import NIOCore
import NIOPosix
import Testing

@testable import apus

@Suite struct DoctorTests {
  private func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "apus-doctor-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  @Test func findingReadsWell() {
    let finding = Finding.fail("port", "taken", "set another")
    #expect(finding.text == "fail  port           taken\n      → set another\n")
    #expect(finding.json["remedy"]?.stringValue == "set another")
    #expect(Finding.ok("port", "free").json["remedy"]?.isNull == true)
  }

  @Test func missingDatabaseIsNotMade() async throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var settings = Settings()
    settings.databasePath = folder.appending(path: "deep/a.sqlite").path
    let finding = await DatabaseCheck(settings: settings, isServed: false).run()
    #expect(finding.status != .fail && finding.what.contains("does not exist yet"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func databaseIsDescribed() async throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var settings = Settings()
    settings.databasePath = folder.appending(path: "a.sqlite").path
    let store = try await SQLiteStore.open(path: settings.databasePath)
    let locked = await DatabaseCheck(settings: settings, isServed: false).run()
    #expect(locked.status == .fail && locked.remedy != nil)
    #expect(await DatabaseCheck(settings: settings, isServed: true).run().status == .ok)
    await store.close()
    let finding = await DatabaseCheck(settings: settings, isServed: false).run()
    #expect(finding.status != .fail && finding.what.contains("synchronous=full, 0 agents, 0 threads"))
  }

  @Test func foreignFileIsRefused() async throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var settings = Settings()
    settings.databasePath = folder.appending(path: "a.sqlite").path
    try Data("This is no database, but a letter.".utf8).write(to: folder.appending(path: "a.sqlite"))
    #expect(await DatabaseCheck(settings: settings, isServed: false).run().status == .fail)
  }

  @Test func portIsFreeOrTaken() async throws {
    let taken = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      // As the server has it: without it the port would stay taken for minutes after its last connection.
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { $0.close() }
      .bind(host: "127.0.0.1", port: 0).get()
    var settings = Settings()
    settings.host = "127.0.0.1"
    settings.port = try #require(taken.localAddress?.port)
    let (held, free) = try await HTTPTransport.withOne { transport in
      let check = PortCheck(settings: settings, transport: transport)
      let held = await check.run()
      try await taken.close()
      return (held, await check.run())
    }
    #expect(held.finding.status == .fail && held.finding.what.contains("in use") && !held.isServed)
    #expect(free.finding == .ok("port", "127.0.0.1:\(settings.port) is free"))
  }

  @Test func modelThatIsNotThere() async throws {
    var settings = Settings()
    #expect(try await check(settings).map(\.status) == [.fail])
    settings.proxyURL = "http://127.0.0.1:1"
    let finding = try #require(try await check(settings).first)
    #expect(finding.status == .fail && finding.remedy?.contains("LLM_PROXY_URL") == true)
  }

  private func check(_ settings: Settings) async throws -> [Finding] {
    try await HTTPTransport.withOne { await ModelCheck(settings: settings, transport: $0).run() }
  }

  @Test func descriptorLimitIsRaised() throws {
    let raised = try #require(FileDescriptorLimit.raise())
    #expect(raised.after.soft == raised.after.hard && raised.after.hard == raised.before.hard)
    #expect(MachineChecks.descriptors(FileDescriptorLimit(soft: 256, hard: 256)).status == .warn)
  }

  @Test func thisBuildHasItsTemplates() {
    #expect(MachineChecks.templates().what.contains("customer-service-bot 1.0.0"))
  }
}
