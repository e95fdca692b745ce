/// Goes through elements of a `SharedList`.
public struct SharedListIterator<Element>: IteratorProtocol {
  @usableFromInline let list: SharedList<Element>
  /// Where to stop.
  @usableFromInline let end: Int
  /// The list's index after the stretch at hand.
  @usableFromInline var upcoming: Int
  @usableFromInline var stretch: ContiguousArray<Element>
  @usableFromInline var place: Int
  @usableFromInline var placeEnd: Int

  @inlinable
  init(_ list: SharedList<Element>, _ range: Range<Int>) {
    self.list = list
    end = range.upperBound
    upcoming = range.lowerBound
    stretch = []
    place = 0
    placeEnd = 0
  }

  /// The next element.
  @inlinable
  public mutating func next() -> Element? {
    if place == placeEnd {
      guard upcoming < end else { return nil }
      goOn()
    }
    defer { place &+= 1 }
    return stretch[place]
  }

  @inlinable
  mutating func goOn() {
    stretch = list.stretch(at: upcoming)
    place = upcoming & ListNode<Element>.leafMask
    placeEnd = min(stretch.count, place + end - upcoming)
    upcoming += placeEnd - place
  }
}

extension SharedListIterator: Sendable where Element: Sendable {}
