#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How large a terminal is.
struct TerminalSize: Hashable {
  var columns = 80
  var rows = 24

  /// The columns of a line that ends before the terminal breaks it: some do so at the last column.
  var areaColumns: Int { max(columns - 1, 1) }
  /// The rows that leave the line of the question, where there is room for it, and the cursor's where they are.
  var areaRows: Int { rows > 2 ? rows - 2 : rows - 1 }

  /// The one behind standard error, as it is now; 80 by 24 where it does not say.
  static var current: TerminalSize {
    var size = winsize()
    var result = TerminalSize()
    guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 else { return result }
    if size.ws_col > 0 { result.columns = Int(size.ws_col) }
    if size.ws_row > 0 { result.rows = Int(size.ws_row) }
    return result
  }
}
