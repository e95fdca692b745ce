import AgentJSON
import AgentRuntime
import FoundationEssentials
import Testing

@testable import AgentTools

@Suite struct TextAndTimeTests {
  @Test(arguments: [
    ("<p>Hello <b>big</b>\n world</p><p>2</p>", "Hello big world\n2"),
    ("<script>var a = '<p>no</p>';</script>yes<STYLE>x{}</STYLE >!", "yes!"),
    ("a &amp; b &lt;c&gt; &#65;&#x42; &nope; &", "a & b <c> AB &nope; &"), ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    ("<!-- <p>x</p> -->y", "y"), ("<a title='x>y'>link</a>", "link"), ("<script>never ends", ""), ("<p", ""),
    ("<!DOCTYPE html><html><head><title>T</title></head><body>B", "T\nB"), ("", ""), ("&#0;&#xD800;", "&#0;&#xD800;"),
  ])
  func reducesHTML(_ html: String, _ text: String) { #expect(PageText.reduce(html) == text) }

  @Test(arguments: [
    ("UTC", "2024-02-29T23:59:59+00:00", "Thursday"), ("Asia/Shanghai", "2024-03-01T07:59:59+08:00", "Friday"),
    ("Asia/Kathmandu", "2024-03-01T05:44:59+05:45", "Friday"),
    ("America/New_York", "2024-02-29T18:59:59-05:00", "Thursday"),
  ])
  func tellsTheTime(_ zone: String, _ time: String, _ weekday: String) async throws {
    let tool = CurrentTimeTool { Date(timeIntervalSince1970: 1_709_251_199.9) }
    let output = try await tool.call(["time_zone": .string(zone)], .sample)
    let json = try JSONValue(parsing: output.text)
    #expect(json["time"]?.stringValue == time)
    #expect(json["weekday"]?.stringValue == weekday)
    #expect(json["unix_seconds"]?.intValue == 1_709_251_199)
  }

  @Test(arguments: ["Mars/Phobos", "GMT+99", "../etc/passwd", ""])
  func namesUnknownZones(_ zone: String) async {
    let tool = CurrentTimeTool { Date(timeIntervalSince1970: 0) }
    let error = await #expect(throws: ToolError.self) { try await tool.call(["time_zone": .string(zone)], .sample) }
    #expect(error?.message.contains("'\(zone)'") == true)
  }

  @Test(arguments: [
    (-1, "1969-12-31T23:59:59+00:00"), (951_782_400, "2000-02-29T00:00:00+00:00"),
    (-86_400 * 719_468, "0000-03-01T00:00:00+00:00"),
  ])
  func writesDates(_ seconds: Int, _ text: String) {
    #expect(LocalTime(unixSeconds: seconds, offset: 0).text == text)
  }

  @Test func readsSettings() throws {
    let json = try JSONValue(
      parsing: #"{"tools":["calculator","http_fetch"],"http_fetch":{"allow":["*.a.test:81"],"timeout":1.5}}"#)
    let (settings, faults) = BuiltinToolSettings.decode(try #require(json.objectValue), path: [])
    #expect(faults.isEmpty)
    #expect(settings?.tools == [.calculator, .httpFetch])
    #expect(settings?.fetch?.timeout == .seconds(1.5))
    #expect(settings?.fetch?.allowPrivate == false)
  }

  @Test(arguments: [
    (#"{}"#, ["tools"]), (#"{"tools":["http_fetch"]}"#, ["http_fetch"]),
    (#"{"tools":["x","calculator","calculator"],"y":1}"#, ["tools[0]", "tools[2]", "y"]),
    (
      #"{"tools":["http_fetch"],"http_fetch":{"allow":[],"z":1,"timeout":0,"bytes_max":"a"}}"#,
      ["http_fetch.allow", "http_fetch.bytes_max", "http_fetch.timeout", "http_fetch.z"]
    ),
    (#"{"tools":[],"http_fetch":{"allow":["*",1]}}"#, ["http_fetch.allow[0]", "http_fetch.allow[1]"]),
    (#"{"tools":["http_fetch"],"http_fetch":{}}"#, ["http_fetch.allow"]),
  ])
  func tellsAllFaults(_ text: String, _ paths: [String]) throws {
    let object = try #require(try JSONValue(parsing: text).objectValue)
    let (settings, faults) = BuiltinToolSettings.decode(object, path: [])
    #expect(settings == nil)
    #expect(faults.map(\.pathText).sorted() == paths)
  }
}

extension ToolContext {
  static let sample = ToolContext(idempotencyKey: "k", requestID: "r", agentID: "a", runID: "u")
}
