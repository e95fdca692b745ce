/// A list whose versions share what they have in common. A copy is two retains, and an append to a list that others
/// hold, too, costs what is appended, not what is there.
///
/// It is a tree with leaves of 16 elements and branches of 32 parts, and a tail of up to 16 elements that are not in
/// the tree yet. Of n elements:
/// - access by index, replacing an element, and truncating are O(log n), base 32;
/// - appending m is O(m); of what others hold it copies a tail and, every 16 elements, a path through the tree;
/// - removing an element appends anew what follows it;
/// - iteration goes a leaf at a time, at the speed of an array.
public struct SharedList<Element> {
  @usableFromInline typealias Node = ListNode<Element>

  /// The tree; an empty leaf for none.
  @usableFromInline var root: Node
  /// Empty only if the list is.
  @usableFromInline var tail: ContiguousArray<Element>
  /// Elements of the tree. With the count of the tail it makes the struct small enough for an existential's buffer.
  @usableFromInline var treeCount: UInt32
  /// The root's shift.
  @usableFromInline var shift: Int8

  /// An empty list.
  @inlinable
  public init() {
    root = .leaf([])
    tail = []
    treeCount = 0
    shift = Int8(Node.leafShift)
  }

  /// A list of what a sequence holds.
  @inlinable
  public init(_ elements: some Sequence<Element>) {
    self.init()
    append(contentsOf: elements)
  }
}

extension SharedList: Sendable where Element: Sendable {}

extension SharedList {
  /// Appends an element. A list has room for 4,294,967,280 of them; more are a broken precondition.
  @inlinable
  public mutating func append(_ element: Element) {
    if tail.count == Node.leafWidth { pushTail() }
    tail.append(element)
  }

  /// Appends the elements of a sequence.
  @inlinable
  public mutating func append(contentsOf elements: some Sequence<Element>) {
    if isEmpty, let list = elements as? SharedList<Element> {
      self = list
    } else {
      for element in elements { append(element) }
    }
  }

  /// Appends the elements of an array, up to a leaf of them at a time.
  @inlinable
  public mutating func append(contentsOf elements: [Element]) {
    var start = 0
    while start < elements.count {
      if tail.count == Node.leafWidth { pushTail() }
      let end = Swift.min(elements.count, start + Node.leafWidth - tail.count)
      tail.append(contentsOf: elements[start..<end])
      start = end
    }
  }

  /// Replaces the element at an index.
  @inlinable
  public mutating func replace(at index: Int, with element: Element) {
    precondition(index >= 0 && index < count, "the index must be in 0..<count")
    if index >= Int(treeCount) {
      tail[index - Int(treeCount)] = element
    } else {
      root.replace(at: index, Int(shift), with: element)
    }
  }

  /// Removes the element at an index, and returns it. What follows is appended anew: O(count - index).
  @discardableResult
  @inlinable
  public mutating func remove(at index: Int) -> Element {
    let removed = self[index]
    let rest = suffix(from: index + 1)
    truncate(to: index)
    for element in rest { append(element) }
    return removed
  }

  /// Removes the elements from an index on. A list that is not longer stays as it is.
  @inlinable
  public mutating func truncate(to length: Int) {
    precondition(length >= 0, "a length is not negative")
    if length >= count { return }
    if length > Int(treeCount) {
      tail.removeSubrange((length - Int(treeCount))...)
    } else if length == 0 {
      removeAll()
    } else {
      truncateTree(to: length)
    }
  }

  /// Removes all elements.
  @inlinable
  public mutating func removeAll() { self = SharedList() }
}

extension SharedList {
  /// Moves the tail, which is full, into the tree.
  @inlinable
  mutating func pushTail() {
    var leaf: ContiguousArray<Element> = []
    leaf.reserveCapacity(Node.leafWidth)
    swap(&leaf, &tail)
    if treeCount == 0 {
      root = .leaf(leaf)
    } else {
      if Int(treeCount) == Node.width << Int(shift) {
        root = .branch([root])
        shift += Int8(Node.bits)
      }
      root.push(leaf, at: Int(treeCount), Int(shift))
    }
    treeCount += UInt32(Node.leafWidth)
  }

  /// Makes the leaf that holds the last element which stays the tail.
  @inlinable
  mutating func truncateTree(to length: Int) {
    let first = (length - 1) & ~Node.leafMask
    tail = root.leaf(at: first, Int(shift))
    if first == 0 {
      root = .leaf([])
      shift = Int8(Node.leafShift)
    } else {
      root.cut(from: first, Int(shift))
      while case .branch(let parts) = root, parts.count == 1 {
        root = parts[0]
        shift -= Int8(Node.bits)
      }
    }
    treeCount = UInt32(first)
    tail.removeSubrange((length - first)...)
  }
}
