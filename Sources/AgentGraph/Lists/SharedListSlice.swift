/// Consecutive elements of a `SharedList`, by the indices that they have there.
public struct SharedListSlice<Element>: RandomAccessCollection {
  @usableFromInline let list: SharedList<Element>
  @usableFromInline let range: Range<Int>

  @inlinable
  init(list: SharedList<Element>, range: Range<Int>) {
    self.list = list
    self.range = range
  }

  /// The index of the first element.
  @inlinable public var startIndex: Int { range.lowerBound }
  /// The index after that of the last element.
  @inlinable public var endIndex: Int { range.upperBound }

  /// The element at an index.
  @inlinable
  public subscript(index: Int) -> Element {
    precondition(range.contains(index), "the index must be in the slice")
    return list[index]
  }

  /// The elements of a range of indices.
  @inlinable
  public subscript(bounds: Range<Int>) -> SharedListSlice {
    precondition(
      bounds.lowerBound >= range.lowerBound && bounds.upperBound <= range.upperBound, "the range must be in the slice")
    return SharedListSlice(list: list, range: bounds)
  }

  /// Goes through the elements.
  @inlinable
  public func makeIterator() -> SharedListIterator<Element> { SharedListIterator(list, range) }
}

extension SharedListSlice: Sendable where Element: Sendable {}
