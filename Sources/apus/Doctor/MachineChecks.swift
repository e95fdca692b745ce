import AgentRuntime

/// Checks of what needs neither network nor disk.
enum MachineChecks {
  /// Whether connections can be as many as the hard limit lets them be.
  static func descriptors(_ limit: FileDescriptorLimit?) -> Finding {
    guard let limit else {
      return .warn("descriptors", "the system does not say how many files may be open", "look at `ulimit -Hn`")
    }
    guard limit.hard >= FileDescriptorLimit.advisedMin else {
      return .warn(
        "descriptors", "at most \(limit.hard) files and connections may be open, advised are 4096 or more",
        "raise the hard limit: LimitNOFILE= in a systemd unit, --ulimit nofile= of docker run")
    }
    return .ok("descriptors", "\(limit.hard) files and connections may be open; serve raises its limit to that")
  }

  /// Which kinds of agents there are.
  static func templates() -> Finding {
    let names = App.templates.newest.map { "\($0.about.id) \($0.about.version)" }
    return .ok("templates", names.joined(separator: ", "))
  }
}
