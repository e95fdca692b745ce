/// Who can be reached at an address: what a server may ask for on a stranger's behalf.
enum AddressReach: Hashable {
  /// A host of the public Internet.
  case global
  /// A host of an internal network or this machine: only where the operator allows it.
  case inside(String)
  /// Nothing that a fetch may ever reach: cloud metadata, many hosts at once, or an address within an address.
  case forbidden(String)
}

extension IPAddress {
  /// Judged by the IANA special-purpose address registries (RFC 6890); of IPv6 only global unicast 2000::/3 is public.
  var reach: AddressReach {
    if !isVersion6 { return Self.first(of: Self.special4, bytes) ?? .global }
    let interface = groups[4...5]
    if interface == [0, 0x5EFE] || interface == [0x0200, 0x5EFE] {
      return .forbidden("ISATAP, which holds an IPv4 address")
    }
    if let reach = Self.first(of: Self.special6, bytes) { return reach }
    return bytes[0] & 0xE0 == 0x20 ? .global : .forbidden("outside of global unicast")
  }

  private struct Range {
    let prefix: [UInt8]
    let bits: Int
    let reach: AddressReach

    init(_ text: String, _ bits: Int, _ reach: AddressReach) {
      // A prefix that cannot be read would let everything through; it covers everything instead.
      let address = IPAddress(text)
      prefix = address?.bytes ?? []
      self.bits = address == nil ? 0 : bits
      self.reach = reach
    }

    func contains(_ bytes: [UInt8]) -> Bool {
      for bit in 0..<bits {
        let mask = UInt8(0x80) >> UInt8(bit % 8)
        if prefix[bit / 8] & mask != bytes[bit / 8] & mask { return false }
      }
      return true
    }
  }

  /// The first range counts: exceptions stand before what they are taken from.
  private static func first(of ranges: [Range], _ bytes: [UInt8]) -> AddressReach? {
    ranges.first { $0.contains(bytes) }?.reach
  }

  private static let special4 = [
    Range("0.0.0.0", 8, .forbidden("unspecified")),
    Range("100.100.100.200", 32, .forbidden("cloud metadata")),
    Range("168.63.129.16", 32, .forbidden("cloud metadata")),
    Range("10.0.0.0", 8, .inside("private")),
    Range("100.64.0.0", 10, .inside("shared by a carrier's NAT")),
    Range("127.0.0.0", 8, .inside("loopback")),
    Range("169.254.0.0", 16, .forbidden("link-local, where clouds keep their metadata")),
    Range("172.16.0.0", 12, .inside("private")),
    Range("192.0.0.0", 24, .forbidden("reserved for protocols")),
    Range("192.0.2.0", 24, .forbidden("documentation")),
    Range("192.88.99.0", 24, .forbidden("6to4 relay")),
    Range("192.168.0.0", 16, .inside("private")),
    Range("198.18.0.0", 15, .forbidden("benchmarks")),
    Range("198.51.100.0", 24, .forbidden("documentation")),
    Range("203.0.113.0", 24, .forbidden("documentation")),
    Range("224.0.0.0", 4, .forbidden("multicast")),
    Range("240.0.0.0", 4, .forbidden("reserved")),
  ]

  private static let special6 = [
    Range("::", 128, .forbidden("unspecified")),
    Range("::1", 128, .inside("loopback")),
    Range("::ffff:0:0", 96, .forbidden("IPv4-mapped")),
    Range("::ffff:0:0:0", 96, .forbidden("IPv4-translated")),
    Range("::", 96, .forbidden("IPv4-compatible")),
    Range("64:ff9b::", 96, .forbidden("NAT64, which holds an IPv4 address")),
    Range("64:ff9b:1::", 48, .forbidden("NAT64, which holds an IPv4 address")),
    Range("100::", 64, .forbidden("discard only")),
    Range("2001::", 23, .forbidden("reserved for protocols such as Teredo")),
    Range("2001:db8::", 32, .forbidden("documentation")),
    Range("2002::", 16, .forbidden("6to4, which holds an IPv4 address")),
    Range("3fff::", 20, .forbidden("documentation")),
    Range("5f00::", 16, .forbidden("segment routing")),
    Range("fd00:ec2::254", 128, .forbidden("cloud metadata")),
    Range("fd20:ce::254", 128, .forbidden("cloud metadata")),
    Range("fc00::", 7, .inside("unique-local")),
    Range("fe80::", 10, .forbidden("link-local")),
    Range("fec0::", 10, .forbidden("site-local")),
    Range("ff00::", 8, .forbidden("multicast")),
  ]
}
