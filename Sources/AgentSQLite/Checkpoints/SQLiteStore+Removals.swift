import Synchronization

extension SQLiteStore {
  /// Finishes removals of threads that were begun, by this process or one before it, step by step behind the writes that
  /// wait.
  func finishThreadRemovals() {
    let isDone = Mutex(true)
    writer.submit { db in
      let wasLast = try ThreadRemoval.nextStep(db)
      isDone.withLock { $0 = wasLast }
    } acknowledge: { [self] error in
      if error == nil, !isDone.withLock({ $0 }) { finishThreadRemovals() }
    }
  }

  /// Removes what threads without a name have left, and returns when that is done. What fails, or is left to do when the
  /// task is cancelled, is done with the next removal, or by the next process.
  func removeNamelessThreads() async {
    var isDone: Bool?
    repeat {
      isDone = try? await writer.write { db in try ThreadRemoval.nextStep(db) }
    } while isDone == false && !Task.isCancelled
  }
}
