import Testing

@testable import AgentGraph

@Suite("SharedList: against a plain array")
struct SharedListTests {
  /// What must hold of a list that has these elements.
  private func expect(_ list: SharedList<Int>, is array: [Int], _ comment: Comment) {
    #expect(list.count == array.count && list.isEmpty == array.isEmpty, comment)
    #expect(Array(list) == array, comment)
    #expect(list == SharedList(array), comment)
  }

  private func change(_ list: inout SharedList<Int>, _ array: inout [Int], _ dice: inout ListDice) {
    let count = array.count
    switch dice.roll(12) {
    case 0...3:
      let element = dice.roll(1000)
      list.append(element)
      array.append(element)
    case 4, 5:
      let elements = (0..<dice.roll(dice.roll(10) == 0 ? 700 : 40)).map { _ in dice.roll(1000) }
      if dice.roll(2) == 0 { list.append(contentsOf: elements) } else { list.append(contentsOf: SharedList(elements)) }
      array.append(contentsOf: elements)
    case 6...8 where count > 0:
      let (index, element) = (dice.roll(count), dice.roll(1000))
      list.replace(at: index, with: element)
      array[index] = element
    case 9 where count > 0:
      let index = count - 1 - dice.roll(min(count, 40))
      #expect(list.remove(at: index) == array.remove(at: index))
    case 10:
      let length = dice.roll(8) == 0 ? dice.roll(count + 1) : max(0, count - dice.roll(40))
      list.truncate(to: length)
      array.removeSubrange(length...)
    case 11 where dice.roll(20) == 0:
      list.removeAll()
      array.removeAll()
    default: break
    }
  }

  @Test(arguments: 0..<300)
  func randomOperations(seed: Int) {
    var dice = ListDice(seed)
    var (list, array) = (SharedList<Int>(), [Int]())
    var held: [(SharedList<Int>, [Int])] = []
    for _ in 0..<120 {
      change(&list, &array, &dice)
      if dice.roll(6) == 0 { held.append((list, array)) }
      if dice.roll(15) == 0, let version = held.randomElement(using: &dice) { (list, array) = version }
      guard dice.roll(5) == 0 else { continue }
      let start = dice.roll(array.count + 1)
      #expect(Array(list.suffix(from: start)) == Array(array[start...]))
      if let index = array.indices.randomElement(using: &dice) { #expect(list[index] == array[index]) }
    }
    expect(list, is: array, "seed \(seed)")
    for (list, array) in held { expect(list, is: array, "an older version of seed \(seed)") }
  }

  @Test(arguments: lengthsAtBoundaries)
  func boundaries(length: Int) {
    let array = Array(0..<length)
    var single = SharedList<Int>()
    for element in array { single.append(element) }
    expect(single, is: array, "appended one by one")
    expect(SharedList(array), is: array, "appended at once")
    #expect(single.indices.allSatisfy { single[$0] == $0 })
    #expect(single.first == array.first && single.last == array.last)
    #expect(single.reversed().elementsEqual(array.reversed()))

    for change in -18...18 where length + change >= 0 {
      var other = single
      if change < 0 { other.truncate(to: length + change) } else { other.append(contentsOf: length..<length + change) }
      #expect(other.elementsEqual(0..<length + change), "\(length) and then \(change)")
      other.append(contentsOf: [-1, -2, -3])
      #expect(other.count == length + change + 3 && other.last == -3)
    }
    expect(single, is: array, "after changes to copies")
  }

  @Test(arguments: [17, 600, 20_000])
  func cutToEveryLevel(length: Int) {
    let whole = SharedList(0..<length)
    for kept in Set([0, 1, 15, 16, 17, 31, 32, 33, 511, 512, 513, 16_384, 16_385, length - 1, length, length + 1])
    where kept <= length + 1 {
      var list = whole
      list.truncate(to: kept)
      #expect(list.elementsEqual(0..<min(kept, length)))
      #expect(list.shift == SharedList(list.map { $0 }).shift, "as low a tree as one built anew")
      list.append(contentsOf: SharedList(list.count..<length))
      #expect(list == whole, "cut to \(kept) and filled again")
    }
  }

  @Test func stretchesAndSlices() {
    let list = SharedList(0..<1000)
    for start in [0, 1, 15, 16, 17, 500, 991, 992, 993, 999, 1000] {
      var seen: [Int] = []
      list.forEachStretch(from: start) { span in
        #expect(span.count <= 16 && !span.isEmpty)
        for place in span.indices { seen.append(span[place]) }
      }
      #expect(seen == Array(start..<1000))
      let slice = list[start..<1000]
      #expect(slice.startIndex == start && slice.endIndex == 1000 && slice.elementsEqual(start..<1000))
      #expect(slice.suffix(3).elementsEqual(max(start, 997)..<1000))
    }
    #expect(Array(list[17..<17]) == [] && Array(list[17..<18]) == [17] && Array(list[3...40]) == Array(3...40))
    struct Stop: Error {}
    #expect(throws: Stop.self) { try list.forEachStretch { _ throws(Stop) in throw Stop() } }
  }

  @Test func comparesHashesDescribes() {
    let list: SharedList = [1, 2, 3]
    #expect(list == SharedList(1...3) && list != [1, 2] && list != [1, 2, 4] && list.description == "[1, 2, 3]")
    let long = SharedList(0..<5000)
    var other = long
    #expect(long == other && Set([long, other]).count == 1)
    other.replace(at: 2500, with: -1)
    #expect(long != other && Set([long, other]).count == 2)
    other.replace(at: 2500, with: 2500)
    #expect(long == other && long.hashValue == other.hashValue && long.hashValue == SharedList(0..<5000).hashValue)
  }
}

@Suite("SharedList: memory")
struct SharedListMemoryTests {
  @Test func whatNobodyHoldsGoes() {
    let census = Counted.Census()
    var list = SharedList((0..<3000).map { Counted($0, in: census) })
    #expect(census.count == 3000)
    var copy: SharedList? = list
    for number in 0..<100 { list.append(Counted(number, in: census)) }
    for index in 0..<50 { list.replace(at: index * 31, with: Counted(index, in: census)) }
    #expect(census.count == 3150)
    copy = nil
    #expect(copy == nil && census.count == 3100)
    list.truncate(to: 1234)
    #expect(census.count == 1234)
    list.remove(at: 7)
    #expect(census.count == 1233)
    let iterator = list.makeIterator()
    list.removeAll()
    #expect(census.count == 1233)
    withExtendedLifetime(iterator) {}
  }

  /// Were a leaf, a branch or the tail copied whole, the addresses of elements would move.
  @Test func versionsShareElements() {
    let census = Counted.Census()
    let old = SharedList((0..<20_000).map { Counted($0, in: census) })
    var new = old
    new.append(contentsOf: (0..<100).map { Counted($0, in: census) })
    #expect(census.count == 20_100)
    var shared = 0
    var stretches: [ObjectIdentifier] = []
    old.forEachStretch { stretches.append(ObjectIdentifier($0[0])) }
    new.forEachStretch { if stretches.contains(ObjectIdentifier($0[0])) { shared += 1 } }
    #expect(shared == stretches.count)
  }
}
