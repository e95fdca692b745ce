/// A part of a list's tree: a leaf of 16 elements, or a branch of up to 32 parts. A tree grows at its right end alone,
/// so all but the parts along its right edge are full.
///
/// `shift` says where the bits of an index begin that choose among a branch's parts; it falls by `bits` a level.
@usableFromInline
enum ListNode<Element> {
  case leaf(ContiguousArray<Element>)
  case branch(ContiguousArray<ListNode>)

  /// Bits of an index for the place within a leaf. Short leaves are quick to copy, which is most of what an append
  /// costs on a list that others hold.
  @inlinable static var leafBits: Int { 4 }
  /// Elements of a leaf.
  @inlinable static var leafWidth: Int { 1 << leafBits }
  /// What of an index is the place within a leaf.
  @inlinable static var leafMask: Int { leafWidth - 1 }
  /// Bits of an index for the place within a branch.
  @inlinable static var bits: Int { 5 }
  /// Parts of a branch.
  @inlinable static var width: Int { 1 << bits }
  /// The shift of a tree that is one leaf.
  @inlinable static var leafShift: Int { leafBits - bits }

  @inlinable
  static func place(_ index: Int, _ shift: Int) -> Int { (index &>> shift) & (width - 1) }

  /// The leaf that holds an index.
  @inlinable
  func leaf(at index: Int, _ shift: Int) -> ContiguousArray<Element> {
    switch self {
    case .leaf(let elements): elements
    case .branch(let parts): parts[Self.place(index, shift)].leaf(at: index, shift &- Self.bits)
    }
  }

  @inlinable
  func element(at index: Int, _ shift: Int) -> Element {
    switch self {
    case .leaf(let elements): elements[index & Self.leafMask]
    case .branch(let parts): parts[Self.place(index, shift)].element(at: index, shift &- Self.bits)
    }
  }

  @inlinable
  mutating func replace(at index: Int, _ shift: Int, with element: Element) {
    // Nobody else may hold what changes in place, so it is taken out of this node meanwhile; below, too.
    switch self {
    case .leaf(var elements):
      self = .leaf([])
      elements[index & Self.leafMask] = element
      self = .leaf(elements)
    case .branch(var parts):
      self = .leaf([])
      parts[Self.place(index, shift)].replace(at: index, shift &- Self.bits, with: element)
      self = .branch(parts)
    }
  }

  /// Adds a full leaf at the right end of a tree that has room; `index` is that of its first element.
  @inlinable
  mutating func push(_ leaf: ContiguousArray<Element>, at index: Int, _ shift: Int) {
    guard case .branch(var parts) = self else { preconditionFailure("a leaf has no room for a leaf") }
    self = .leaf([])
    let place = Self.place(index, shift)
    if place < parts.count {
      parts[place].push(leaf, at: index, shift &- Self.bits)
    } else {
      parts.append(Self.path(to: leaf, shift &- Self.bits))
    }
    self = .branch(parts)
  }

  /// Cuts the leaf that begins at `index`, which is not the first, and all that follows it.
  @inlinable
  mutating func cut(from index: Int, _ shift: Int) {
    guard case .branch(var parts) = self else { preconditionFailure("a leaf is cut by the branch above it") }
    self = .leaf([])
    let place = Self.place(index, shift)
    if index & ((1 &<< shift) &- 1) == 0 {
      // It is the first of its part, which would stay behind empty.
      parts.removeSubrange(place...)
    } else {
      parts.removeSubrange((place + 1)...)
      parts[place].cut(from: index, shift &- Self.bits)
    }
    self = .branch(parts)
  }

  @inlinable
  static func path(to leaf: ContiguousArray<Element>, _ shift: Int) -> ListNode {
    shift == leafShift ? .leaf(leaf) : .branch([path(to: leaf, shift &- bits)])
  }
}

extension ListNode: Sendable where Element: Sendable {}
