import AgentRuntime

/// Decides which addresses a URL's request may go to.
struct AddressCheck: Sendable {
  /// More of a name's addresses are not tried.
  static let triesMax = 3

  let settings: FetchSettings
  let resolver: any HostResolver

  /// The checked addresses, in the order in which to try them; the request must go to one of them and nowhere else.
  ///
  /// One address that may not be reached condemns the name: who mixes them wants to be let in by chance.
  /// Throws a `ToolError`, or `CancellationError`.
  func addresses(for url: FetchURL) async throws -> [IPAddress] {
    guard settings.allow.contains(where: { $0.allows(url) }) else {
      throw ToolError("the host \(url.host) with port \(url.port) is not on this tool's list of allowed hosts")
    }
    let addresses = try await resolve(url)
    for address in addresses {
      switch address.reach {
      case .global: continue
      case .inside where settings.allowPrivate: continue
      case .inside(let kind), .forbidden(let kind):
        throw ToolError("the host \(url.host) is refused: its address \(address) is not public (\(kind))")
      }
    }
    return Array(addresses.prefix(Self.triesMax))
  }

  private func resolve(_ url: FetchURL) async throws -> [IPAddress] {
    if let address = url.address { return [address] }
    let addresses: [IPAddress]
    do {
      addresses = try await resolver.addresses(of: url.host)
    } catch let error as CancellationError {
      throw error
    } catch {
      throw ToolError("the name \(url.host) could not be resolved", cause: error)
    }
    guard !addresses.isEmpty else { throw ToolError("the name \(url.host) has no address") }
    return addresses
  }
}
