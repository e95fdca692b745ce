#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The process's own three streams, without the buffers of C's library: its lock on standard input would hang an
/// exit while a line is awaited.
enum StandardStreams {
  /// Whether people type the input.
  static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }
  /// Whether people read the output.
  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Whether people read what goes to standard error.
  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Writes to standard output, at once.
  static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

  /// Writes to standard error, at once.
  static func writeError(_ text: String) { write(text, to: STDERR_FILENO) }

  /// What a terminal should not obey, a model's answer say, without its control characters; LF and tab stay.
  static func withoutControls(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { !$0.isControl || $0 == "\n" || $0 == "\t" }))
  }

  /// Reads up to so many bytes; none at the end. Blocks.
  static func read(upTo bytesMax: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: bytesMax) { buffer, count in
      var got = 0
      repeat { got = unsafe systemRead(STDIN_FILENO, buffer.baseAddress, bytesMax) } while got < 0 && errno == EINTR
      count = max(got, 0)
    }
  }

  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes[written...].withUnsafeBytes { unsafe systemWrite(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      // Nobody reads any more: there is nobody to tell, either.
      guard count > 0 else { return }
      written += count
    }
  }
}

private let systemRead = unsafe read(_:_:_:)
private let systemWrite = unsafe write(_:_:_:)
