import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where log lines go: a file descriptor that is written to line by line and that stays the caller's to close.
///
/// A line that cannot be written (pipe closed or full, disk full) is dropped and counted; logging never fails.
public final class LogOutput: Sendable {
  private struct State {
    var droppedLines = 0
    /// Whether a line broke off in the middle, so that the next must begin with a line feed.
    var isMidLine = false
  }

  /// How long the rest of a line that went out in part may wait for room.
  private static let restWaitMaxMilliseconds: CInt = 50

  /// A write to a closed pipe must fail, not end the process; who has set a handler keeps it.
  private static let ignoresBrokenPipes: Void = {
    guard let previous = signal(SIGPIPE, SIG_IGN) else { return }
    _ = signal(SIGPIPE, previous)
  }()

  private let descriptor: CInt
  private let state = Mutex(State())

  /// Writes to a descriptor; standard error unless stated. SIGPIPE is ignored from now on, unless it has a handler.
  public init(descriptor: CInt = 2) {
    self.descriptor = descriptor
    Self.ignoresBrokenPipes
  }

  /// How many lines could not be written, or only in part.
  public var droppedLines: Int { state.withLock { $0.droppedLines } }

  /// Writes a line, which must end with a line feed, with one call of write(2) where the system takes it whole.
  public func write(_ line: [UInt8]) {
    state.withLock { state in
      let bytes = state.isMidLine ? [UInt8(ascii: "\n")] + line : line
      let written = send(bytes)
      if written == bytes.count {
        state.isMidLine = false
        return
      }
      state.droppedLines += 1
      let isOnlyLineFeed = state.isMidLine && written == 1
      if written > 0 { state.isMidLine = !isOnlyLineFeed }
    }
  }

  /// How many of the bytes went out.
  private func send(_ bytes: [UInt8]) -> Int {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe systemWrite(descriptor, buffer[written...])
      }
      if count > 0 {
        written += count
      } else if count < 0, errno == EINTR {
        continue
      } else if count < 0, errno == EAGAIN, written > 0, waitForRoom() {
        continue
      } else {
        break
      }
    }
    return written
  }

  private func waitForRoom() -> Bool {
    var descriptors = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&descriptors, 1, Self.restWaitMaxMilliseconds) > 0
  }
}

private func systemWrite(_ descriptor: CInt, _ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
  let buffer = unsafe UnsafeRawBufferPointer(rebasing: bytes)
  return unsafe write(descriptor, buffer.baseAddress, buffer.count)
}
