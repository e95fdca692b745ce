extension String {
  /// Whether two names are the same bytes. `==` takes different spellings of one character for equal, which for who may
  /// see what is too much.
  public func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
