/// What goes to a worker: the request first, by the host or along with START by the supervisor, and answers after it.
struct WorkerOutbox {
  /// The request, where it travels with START: the supervisor may leave a part of it to the host.
  private var carried: [UInt8]
  private var bytes: [UInt8]
  private var sent = 0
  /// Whether the limits are in force, or bytes cannot come before they are.
  private var isOpen: Bool

  init(request: [UInt8], isCarried: Bool) {
    (carried, bytes, isOpen) = isCarried ? (request, [], true) : ([], request, false)
  }

  /// What may be written now.
  var due: ArraySlice<UInt8> { isOpen ? bytes[sent...] : [] }

  /// The limits are in force, and of a request that travelled so many bytes are written.
  mutating func start(written: Int) {
    bytes = Array(carried.dropFirst(written)) + bytes[sent...]
    (carried, sent, isOpen) = ([], 0, true)
  }

  /// False where more would wait than a frame may be long: the worker does not read.
  mutating func append(_ frame: [UInt8]) -> Bool {
    guard bytes.count - sent + frame.count <= WorkerRequest.bytesMax else { return false }
    bytes += frame
    return true
  }

  /// So many of the bytes that are due have been written.
  mutating func wrote(_ count: Int) {
    sent += count
    if sent == bytes.count { (bytes, sent) = ([], 0) }
  }
}
