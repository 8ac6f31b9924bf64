package plain

import (
	"reflect"
	"strings"
	"sync"
)

// StructField is a field of a struct that scripts see.
type StructField struct {
	Name      string
	Index     int
	OmitEmpty bool // left out if zero: js:"name,omitempty"
}

var known sync.Map // reflect.Type → []StructField

// Fields lists the fields of a struct type that scripts see, in order.
func Fields(t reflect.Type) []StructField {
	if f, ok := known.Load(t); ok {
		return f.([]StructField)
	}
	var list []StructField
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("js"); tag != "" {
			name, option, _ := strings.Cut(tag, ",")
			list = append(list, StructField{name, i, option == "omitempty"})
		}
	}
	known.Store(t, list)
	return list
}
