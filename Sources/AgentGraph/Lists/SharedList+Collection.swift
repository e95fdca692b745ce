extension SharedList: RandomAccessCollection {
  /// 0.
  @inlinable public var startIndex: Int { 0 }
  /// The number of elements.
  @inlinable public var endIndex: Int { count }
  /// The number of elements.
  @inlinable public var count: Int { Int(treeCount) &+ tail.count }
  /// Whether there are no elements.
  @inlinable public var isEmpty: Bool { tail.isEmpty }

  /// The element at an index.
  @inlinable
  public subscript(index: Int) -> Element {
    precondition(index >= 0 && index < count, "the index must be in 0..<count")
    if index >= Int(treeCount) { return tail[index &- Int(treeCount)] }
    return root.element(at: index, Int(shift))
  }

  /// The elements of a range of indices. They keep the whole list.
  @inlinable
  public subscript(range: Range<Int>) -> SharedListSlice<Element> {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "the range must be in 0..<count")
    return SharedListSlice(list: self, range: range)
  }

  /// Goes through the elements.
  @inlinable
  public func makeIterator() -> SharedListIterator<Element> { SharedListIterator(self, 0..<count) }

  /// Calls the closure with the elements from an index on, in stretches of up to 16 that lie together in memory.
  /// Rethrows what it throws.
  @inlinable
  public func forEachStretch<Failure: Error>(
    from start: Int = 0, _ body: (Span<Element>) throws(Failure) -> Void
  ) throws(Failure) {
    precondition(start >= 0 && start <= count, "the index must be in 0...count")
    var index = start
    while index < count {
      let elements = stretch(at: index)
      let first = index & Node.leafMask
      try body(elements.span.extracting(first...))
      index += elements.count - first
    }
  }

  /// The leaf, or the tail, that holds an index.
  @inlinable
  func stretch(at index: Int) -> ContiguousArray<Element> {
    index >= Int(treeCount) ? tail : root.leaf(at: index, Int(shift))
  }
}
