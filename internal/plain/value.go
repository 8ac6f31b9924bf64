package plain

// Undefined is the value undefined, as opposed to null, which is nil.
type Undefined struct{}

// Int32 is an integer that scripts see as an Int of type i32 instead of as a number.
type Int32 int32

// Field is a property of an Object.
type Field struct {
	Name  string
	Value any
}

// Object is an object with its enumerable properties in order.
type Object []Field

// Get returns a property; ok is false if there is none.
func (o Object) Get(name string) (v any, ok bool) {
	for _, f := range o {
		if f.Name == name {
			return f.Value, true
		}
	}
	return nil, false
}

// Map is a Map: keys and values in order.
type Map [][2]any

// Set is a Set.
type Set []any

// List is an array with a type: a property that is not enumerated.
type List struct {
	Type     string
	Elements []any
}

// Enum is implemented by integer types that scripts see as names.
type Enum interface {
	// EnumNames lists the names by number; numbers without a name have "".
	EnumNames() []string
}

// Typed is an object with a type: a property that comes first and is not enumerated.
type Typed struct {
	Type any
	Object
}

// AsObject returns the properties of an object, the type of a Typed first.
func AsObject(x any) (o Object, ok bool) {
	switch x := x.(type) {
	case Object:
		return x, true
	case *Typed:
		return append(Object{{"type", x.Type}}, x.Object...), true
	}
	return nil, false
}
