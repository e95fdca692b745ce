/// A value as a type that is known to be its own, where the compiler cannot know it.
///
/// By way of `Any`, since a cast from one collection to another would cast each element.
func same<Value>(_ value: Any, as type: Value.Type) -> Value {
  guard let value = value as? Value else { preconditionFailure("both types are the same") }
  return value
}
