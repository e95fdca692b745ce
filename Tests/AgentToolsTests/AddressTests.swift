import AgentRuntime
import Testing

@testable import AgentTools

@Suite struct AddressTests {
  @Test(arguments: [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "100.100.100.200", "127.0.0.1",
    "127.255.255.254", "169.254.169.254", "169.254.0.1", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192",
    "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::", "::1", "::127.0.0.1",
    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::8.8.8.8",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1",
    "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd12:3456::1", "fe80::1", "febf::1", "fec0::1", "ff02::1",
    "ff0e::1", "4000::1", "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1", "1::1",
  ])
  func refuses(_ text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.reach != .global)
  }

  @Test(arguments: [
    "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
    "172.32.0.0", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700:4700::1111",
    "2001:4860:4860::8888", "2001:200::1", "2a00::1", "3ffe::1",
  ])
  func allows(_ text: String) throws {
    #expect(try #require(IPAddress(text)).reach == .global)
  }

  /// With allow_private; metadata, link-local, multicast and what hides another address stay out.
  @Test(arguments: ["169.254.169.254", "100.100.100.200", "fd00:ec2::254", "fe80::1", "224.0.0.1", "::ffff:10.0.0.1"])
  func neverReaches(_ text: String) throws {
    guard case .forbidden = try #require(IPAddress(text)).reach else {
      Issue.record("\(text) may be reached")
      return
    }
  }

  @Test(arguments: [
    "1.2.3", "1.2.3.4.5", "01.2.3.4", "0x7f.0.0.1", "256.1.1.1", "1.2.3.4 ", "1.2.3.-4", "1..2.3", ":::", "1::2::3",
    "fe80::1%eth0", "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1.2.3", "1.2.3.4::", "g::", "１.2.3.4", "",
    "1:2:3:4:5:6:7:8::", "+1.2.3.4", ":1", "1:",
  ])
  func isNoAddress(_ text: String) { #expect(IPAddress(text) == nil) }

  @Test func readsShortForms() {
    #expect(IPAddress("2001:db8::5")?.description == "2001:db8:0:0:0:0:0:5")
    #expect(IPAddress("::ffff:1.2.3.4")?.bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4])
  }
}

@Suite struct FetchURLTests {
  @Test(arguments: [
    "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/",
    "http://017700000001/", "http://127.0.0.1./", "http://127.0.0.01/", "http://127.0.1/", "http://1.2.3.4.5/",
    "http://example.com./", "http://user@example.com/", "http://user:pw@example.com/", "http://example.com@evil.test/",
    "http://example.com:80@evil.test/", "http://evil.test\\@example.com/", "http://exa mple.com/",
    "http://example.com\r\nHost: evil/", "http://example.com\t/", "http:///path", "http://", "http:example.com",
    "//example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:alert(1)",
    "data:text/plain,hi", "http+unix://example.com/", "unix://x/", "http://[::1", "http://::1/", "http://[127.0.0.1]/",
    "http://[::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[::1]x/", "http://[::1]:/", "http://example.com:/",
    "http://example.com:0/", "http://example.com:65536/", "http://example.com:080/", "http://example.com:+80/",
    "http://example.com:8a/", "http://example.com:80:80/", "http://%31%32%37.0.0.1/", "http://example%2ecom/",
    "http://example.com%00.evil.test/", "http://ｅxample.com/", "http://例え.jp/", "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/", "http://ex_ample.com/", "http://-a.com/", "http://a-.com/", "http://a..com/", "http://.com/",
    "http://*.example.com/", "http://0x/", "http://foo.0x10/", "http://foo.123/", "http://localhost:99999/",
    "http://exam\u{00AD}ple.com/", "http://example.com\u{0000}/", " http://example.com/", "",
  ])
  func refuses(_ text: String) {
    #expect(throws: ToolError.self) { try FetchURL(text) }
  }

  @Test(arguments: [
    ("HTTP://Example.COM", "http://example.com/"), ("https://example.com:443/a?b=c#d", "https://example.com/a?b=c"),
    ("http://example.com:8080?q", "http://example.com:8080/?q"), ("http://[::1]:81/", "http://[0:0:0:0:0:0:0:1]:81/"),
    ("http://example.com/ä|{}%zz%20", "http://example.com/%C3%A4%7C%7B%7D%25zz%20"),
    ("http://xn--r8jz45g.jp/", "http://xn--r8jz45g.jp/"), ("http://example.com/a@b:c", "http://example.com/a@b:c"),
    ("http://127.0.0.1/", "http://127.0.0.1/"),
  ])
  func writesAnew(_ text: String, _ expected: String) throws {
    #expect(try FetchURL(text).description == expected)
  }

  @Test(arguments: [
    ("/x", "https://a.test/x"), ("x?y", "https://a.test/b/x?y"), ("?z", "https://a.test/b/c?z"),
    ("//b.test/x", "https://b.test/x"), ("http://b.test", "http://b.test/"), ("#f", "https://a.test/b/c?q"),
  ])
  func resolves(_ location: String, _ expected: String) throws {
    #expect(try FetchURL("https://a.test/b/c?q").resolving(location).description == expected)
  }

  @Test(arguments: [
    ("example.com", "https://example.com/", true), ("example.com", "http://example.com:80/", true),
    ("example.com", "http://example.com:443/", false), ("example.com", "https://www.example.com/", false),
    ("example.com", "https://notexample.com/", false), ("*.example.com", "https://a.b.example.com/", true),
    ("*.example.com", "https://example.com/", false), ("*.example.com", "https://evilexample.com/", false),
    ("*.example.com", "https://example.com.evil.test/", false), ("example.com:8443", "https://example.com:8443/", true),
    ("example.com:8443", "https://example.com/", false), ("EXAMPLE.com", "https://example.com/", true),
    ("127.0.0.1", "http://127.0.0.1/", true), ("[::1]:80", "http://[0:0::1]/", true), ("[::1]", "https://[::1]/", true),
  ])
  func matches(_ pattern: String, _ url: String, _ isAllowed: Bool) throws {
    #expect(try HostPattern(pattern).allows(try FetchURL(url)) == isAllowed)
  }

  @Test(arguments: [
    "*", "*.", "a*.com", "*.*.com", "http://example.com", "example.com/", "*.1.2.3.4", "", "a:b", "a b",
  ])
  func isNoPattern(_ text: String) {
    #expect(throws: ToolError.self) { try HostPattern(text) }
  }
}
