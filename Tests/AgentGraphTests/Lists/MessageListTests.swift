import Testing

@testable import AgentGraph

/// LangGraph's `add_messages`, line by line; after a removal of all, what follows is added to nothing.
private func added(_ left: [Note], _ right: [MessageOperation<Note>]) -> [Note]? {
  var (merged, right) = (left, right[...])
  if let clearing = right.lastIndex(of: .removeAll) { (merged, right) = ([], right[(clearing + 1)...]) }
  var removed: Set<String> = []
  for operation in right {
    switch operation {
    case .put(let note):
      removed.remove(note.id)
      if let place = merged.firstIndex(where: { $0.id == note.id }), !note.id.isEmpty {
        merged[place] = note
      } else {
        merged.append(note)
      }
    case .remove(let id):
      guard !id.isEmpty, merged.contains(where: { $0.id == id }) else { return nil }
      removed.insert(id)
    case .removeAll: break
    }
  }
  return merged.filter { !removed.contains($0.id) }
}

@Suite("MessageList: G6")
struct MessageListTests {
  private func operation(_ list: MessageList<Note>, _ dice: inout ListDice, _ step: Int) -> MessageOperation<Note> {
    let known = list.randomElement(using: &dice)?.id
    switch dice.roll(40) {
    case 0: return .removeAll
    case 1: return .put(Note("", "without an id"))
    case 2...7: return .remove(id: known ?? "m0")
    case 8: return .remove(id: "m\(dice.roll(60))")
    case 9...16: return .put(Note(known ?? "m0", "again \(step)"))
    // Few different ids, so that branches of the history use the same ones at different places.
    default: return .put(Note("m\(dice.roll(400))", "new \(step)"))
    }
  }

  private func expect(_ list: MessageList<Note>, is array: [Note], _ comment: Comment) {
    #expect(Array(list) == array, comment)
    for (place, note) in array.enumerated() where !note.id.isEmpty {
      #expect(list.index(ofID: note.id) == place, comment)
    }
    #expect(list.index(ofID: "m400") == nil && list.index(ofID: "") == nil)
  }

  @Test(arguments: 0..<200)
  func randomBatches(seed: Int) throws {
    var dice = ListDice(seed)
    var list = MessageList<Note>()
    var held: [(MessageList<Note>, [Note])] = []
    for step in 0..<60 {
      let (before, array) = (list, Array(list))
      let operations = (0..<dice.roll(dice.roll(8) == 0 ? 60 : 6)).map { _ in operation(before, &dice, step) }
      if let result = added(array, operations) {
        let kept = try list.apply(operations)
        #expect(Array(list) == result, "seed \(seed), step \(step): \(operations)")
        #expect(kept <= min(array.count, result.count) && array[..<kept] == result[..<kept])
      } else {
        #expect(throws: GraphError.self) { try list.apply(operations) }
        #expect(Array(list) == array)
      }
      held.append((list, Array(list)))
      if dice.roll(6) == 0, let version = held.randomElement(using: &dice) { list = version.0 }
    }
    for (list, array) in held { expect(list, is: array, "a version of seed \(seed)") }
  }

  @Test func keptIsWhatStorageNeedNotWrite() throws {
    let base = MessageList((0..<100).map { Note("m\($0)") })
    let cases: [(Int, [MessageOperation<Note>], Int)] = [
      (100, [], 100),
      (100, [.put(Note("new"))], 101),
      (40, [.put(Note("m40", "x")), .put(Note("new"))], 101),
      (7, [.put(Note("m40", "x")), .remove(id: "m7")], 99),
      (7, [.put(Note("m7", "x")), .remove(id: "m40")], 99),
      (100, [.put(Note("new")), .remove(id: "new")], 100),
      (5, [.remove(id: "m5"), .put(Note("m5", "back"))], 100),
      (0, [.removeAll], 0),
      (0, [.remove(id: "unknown"), .removeAll, .put(Note("m0"))], 1),
    ]
    for (kept, operations, count) in cases {
      var list = base
      #expect(try list.apply(operations) == kept, "\(operations)")
      #expect(list.count == count, "\(operations)")
    }
    #expect(base.count == 100 && base[id: "m5"]?.text == "")
  }

  @Test(arguments: [
    [MessageOperation<Note>.put(Note("b", "y")), .put(Note("a", "x")), .remove(id: "gone")],
    [.put(Note("gone")), .removeAll, .remove(id: "gone")],
    [.removeAll, .remove(id: "gone")],
    [.remove(id: "gone"), .put(Note("gone"))],
  ])
  func anUnknownIDIsNamed(operations: [MessageOperation<Note>]) throws {
    var list: MessageList = [Note("a"), Note("b")]
    let error = try #require(throws: GraphError.self) { try list.apply(operations) }
    #expect(error.code == .unknownMessage && error.message.contains("\"gone\""))
    #expect(list == [Note("a"), Note("b")], "nothing of the batch is applied")
  }

  @Test func idsAreAssignedWhereMissing() {
    var number = 0
    let makeID = {
      number += 1
      return "id-\(number)"
    }
    var operations: [MessageOperation<Note>] = [.put(Note("")), .put(Note("a")), .remove(id: ""), .put(Note(""))]
    operations.assignMissingIDs(makeID)
    #expect(operations == [.put(Note("id-1")), .put(Note("a")), .remove(id: ""), .put(Note("id-2"))])

    var list: MessageList = [Note("", "x"), Note("a"), Note("", "y")]
    #expect(list.count == 3)
    list.assignMissingIDs(makeID)
    #expect(list == [Note("id-3", "x"), Note("a"), Note("id-4", "y")])
    #expect(list[id: "id-4"]?.text == "y" && list.index(ofID: "id-3") == 0)
  }

  @Test func branchesDoNotSeeEachOther() {
    let base = MessageList((0..<50).map { Note("m\($0)") })
    var versions: [MessageList<Note>] = []
    for branch in 0..<2000 {
      var list = base
      list.put(contentsOf: (0...(branch % 5)).map { Note("x\((branch + $0) % 7)", "\(branch)") })
      versions.append(list)
    }
    for (branch, list) in versions.enumerated() {
      for number in 0..<7 {
        let place = (0...(branch % 5)).first { (branch + $0) % 7 == number }
        #expect(list.index(ofID: "x\(number)") == place.map { 50 + $0 })
        #expect(list[id: "x\(number)"]?.text == place.map { _ in "\(branch)" })
      }
    }
  }

  /// The last answer is made anew again and again: what older versions had must not pile up.
  @Test func indicesDoNotPileUp() throws {
    var list = MessageList((0..<100).map { Note("m\($0)") })
    var depths: Set<Int> = []
    for turn in 0..<5000 {
      let last = try #require(list.last)
      try list.apply([.remove(id: last.id), .put(Note("turn \(turn)"))])
      depths.insert(try #require(list.index).depth)
    }
    #expect(depths == Set(0...MessageList<Note>.depthMax))
    #expect(list.count == 100 && list.index(ofID: "turn 4999") == 99 && list.index(ofID: "turn 4998") == nil)
    #expect(list.index(ofID: "m98") == 98)
  }

  @Test func concurrentBranches() async {
    let base = MessageList((0..<200).map { Note("m\($0)") })
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<8 {
        group.addTask {
          var list = base
          for number in 0..<500 { list.put(Note("\(number % 3 == 0 ? "shared" : "\(task)")-\(number)")) }
          return (0..<500).allSatisfy {
            list.index(ofID: "\($0 % 3 == 0 ? "shared" : "\(task)")-\($0)") == 200 + $0
          } && list.index(ofID: "m199") == 199
        }
      }
      for await isRight in group { #expect(isRight) }
    }
    #expect(base.count == 200)
  }
}
