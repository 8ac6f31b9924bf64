package plain

import (
	"reflect"
	"sync"
)

// StructField is a field of a struct that scripts see.
type StructField struct {
	Name  string
	Index int
}

var known sync.Map // reflect.Type → []StructField

// Fields lists the fields of a struct type that scripts see, in order.
func Fields(t reflect.Type) []StructField {
	if f, ok := known.Load(t); ok {
		return f.([]StructField)
	}
	var list []StructField
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("js"); name != "" {
			list = append(list, StructField{name, i})
		}
	}
	known.Store(t, list)
	return list
}
