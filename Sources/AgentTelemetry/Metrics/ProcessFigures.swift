#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The process's own figures, from /proc; a system without it has none.
struct ProcessFigures: Sendable {
  /// The names, as Prometheus's client libraries have them.
  static let names = [
    "process_cpu_seconds_total", "process_open_fds", "process_resident_memory_bytes", "process_start_time_seconds",
  ]

  private let startTime: Double?

  init() { startTime = Self.readStartTime() }

  /// Writes what can be read, sorted by name.
  func write(to writer: inout PrometheusWriter) {
    let figures: [(MetricKind, Double?)] = [
      (.counter, Self.cpuSeconds()), (.gauge, Self.openDescriptors()), (.gauge, Self.residentBytes()),
      (.gauge, startTime),
    ]
    for (name, (kind, value)) in zip(Self.names, figures) {
      guard let value else { continue }
      writer.type(name, kind)
      writer.sample(name, LabelSet([]), value)
    }
  }

  /// User and system time: fields 14 and 15 of /proc/self/stat, of which the first here is the third.
  private static func cpuSeconds() -> Double? {
    guard let fields = statFields(), fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12])
    else { return nil }
    return (user + system) / ticksPerSecond
  }

  private static func residentBytes() -> Double? {
    guard let fields = readText("/proc/self/statm")?.split(separator: " "), fields.count > 1 else { return nil }
    return Double(fields[1]).map { $0 * Double(sysconf(CInt(_SC_PAGESIZE))) }
  }

  /// The entries of /proc/self/fd, but for the one that reading them opens.
  private static func openDescriptors() -> Double? {
    guard let directory = unsafe opendir("/proc/self/fd") else { return nil }
    defer { _ = unsafe closedir(directory) }
    var count = -1
    while let entry = unsafe readdir(directory) {
      if unsafe entry.pointee.d_name.0 != CChar(bitPattern: UInt8(ascii: ".")) { count += 1 }
    }
    return Double(count)
  }

  /// Field 22 of /proc/self/stat, in ticks since the machine's start, which /proc/stat names.
  private static func readStartTime() -> Double? {
    guard let fields = statFields(), fields.count > 19, let ticks = Double(fields[19]),
      let line = readText("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
      let machineStart = Double(line.dropFirst(6))
    else { return nil }
    return machineStart + ticks / ticksPerSecond
  }

  private static var ticksPerSecond: Double { Double(sysconf(CInt(_SC_CLK_TCK))) }

  /// The fields after the command's name, which stands in parentheses and may hold anything.
  private static func statFields() -> [Substring]? {
    guard let text = readText("/proc/self/stat"), let end = text.lastIndex(of: ")") else { return nil }
    return text[text.index(after: end)...].split(separator: " ")
  }

  private static func readText(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      text.append(contentsOf: chunk[..<count])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
