// Package hessian is the serialization protocol Hessian 2.0 (http://hessian.caucho.com/doc/hessian-serialization.html):
// bytes to values and back.
//
// Values are nil, bool, plain.Int32 (int), int64 (long), float64 (double), time.Time, string, *stream.Data and *Collection.
package hessian

// Kind tells collections apart.
type Kind uint8

// The kinds of collections. A class definition is never a value.
const (
	List Kind = iota
	Map
	ClassDef
	Object
)

// EnumNames implements plain.Enum.
func (Kind) EnumNames() []string { return []string{"list", "map", "class_def", "object"} }

// Collection is a list, a map or an object. A collection that is referred to again is the same pointer.
type Collection struct {
	Kind     Kind
	Type     *string
	Elements []any   // of a list
	Pairs    []Pair  // of a map
	Fields   []Field // of an object
}

// Pair is an entry of a map.
type Pair struct{ Key, Value any }

// Field is a field of an object.
type Field struct {
	Name  string
	Value any
}

// maxNesting is how deep values may be nested in each other.
const maxNesting = 500
