import Synchronization

/// The files that code has left in its working directory, session by session, in memory: they are gone when the
/// process ends, when their session or agent is deleted, and when others need the room.
final class SessionFiles: Sendable {
  /// Whose files they are.
  struct Key: Hashable {
    var agentID: String
    var sessionID: String
  }

  typealias Files = [String: [UInt8]]

  private struct Entry {
    var files: Files
    var bytes: Int
    var lastUse: Int
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var bytes = 0
    var uses = 0

    mutating func remove(_ key: Key) {
      if let entry = entries.removeValue(forKey: key) { bytes -= entry.bytes }
    }
  }

  private let state = Mutex(State())
  private let bytesMax: Int

  /// Keeps so many bytes altogether.
  init(bytesMax: Int) { self.bytesMax = bytesMax }

  /// A session's files.
  func files(_ key: Key) -> Files {
    state.withLock { state in
      guard let entry = state.entries[key] else { return [:] }
      state.uses += 1
      state.entries[key]?.lastUse = state.uses
      return entry.files
    }
  }

  /// Applies what a call made of the files that it was given, to what is there by now: calls of one message run at
  /// once. Returns the files, or nil, with nothing changed, where they would be too large or too many.
  func keep(_ made: Files, insteadOf given: Files, of key: Key, bytesMax: Int, countMax: Int) -> Files? {
    state.withLock { state in
      var files = state.entries[key]?.files ?? [:]
      for name in given.keys where made[name] == nil { files[name] = nil }
      for (name, content) in made where given[name] != content { files[name] = content }
      let bytes = files.reduce(0) { $0 + $1.key.utf8.count + $1.value.count }
      guard bytes <= min(bytesMax, self.bytesMax), files.count <= countMax else { return nil }
      state.remove(key)
      if files.isEmpty { return files }
      state.uses += 1
      state.entries[key] = Entry(files: files, bytes: bytes, lastUse: state.uses)
      state.bytes += bytes
      while state.bytes > self.bytesMax, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
        state.remove(oldest.key)
      }
      return files
    }
  }

  /// Lets go of a session's files, or of all of an agent's.
  func forget(agentID: String, sessionID: String?) {
    state.withLock { state in
      for key in state.entries.keys
      where key.agentID == agentID && (sessionID == nil || key.sessionID == sessionID) { state.remove(key) }
    }
  }
}
