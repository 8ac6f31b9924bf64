package clayout

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is the type of a field, or of the elements of one that is an array.
type Kind uint8

// The kinds of fields. Several Chars are a text; a Nested field has a layout of its own.
const (
	Int8 Kind = iota
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Float
	Double
	Char
	Nested
)

var kinds = [...]struct {
	name string
	size int
}{
	{"int8", 1}, {"int16", 2}, {"int32", 4}, {"int64", 8},
	{"uint8", 1}, {"uint16", 2}, {"uint32", 4}, {"uint64", 8},
	{"float", 4}, {"double", 8}, {"char", 1},
}

// Names lists the kinds that have a name in types.
func Names() (list []string) {
	for _, k := range kinds {
		list = append(list, k.name)
	}
	return list
}

// Size is how many bytes a value takes; 0 for Nested.
func (k Kind) Size() int {
	if k == Nested {
		return 0
	}
	return kinds[k].size
}

// Integral reports whether values are integers.
func (k Kind) Integral() bool { return k <= Uint64 }

// Unsigned reports whether values are integers that are never negative.
func (k Kind) Unsigned() bool { return k >= Uint8 && k <= Uint64 }

// Type is a field's type. Count is 1 if it is no array.
type Type struct {
	Kind  Kind
	Array bool
	Count int
}

// ParseType reads a type such as uint32 or char[16]; a missing number of elements is 0.
func ParseType(s string) (Type, error) {
	name, rest, array := strings.Cut(s, "[")
	t := Type{Array: array, Count: 1}
	for ; t.Kind < Nested; t.Kind++ {
		if kinds[t.Kind].name == name {
			break
		}
	}
	if t.Kind == Nested {
		return t, fmt.Errorf("unknown type name: %s", name)
	}
	if !array {
		return t, nil
	}
	digits, negative := strings.CutPrefix(rest, "-")
	t.Count = 0
	for digits != "" && digits[0] >= '0' && digits[0] <= '9' {
		t.Count = min(10*t.Count+int(digits[0]-'0'), MaxSize+1)
		digits = digits[1:]
	}
	switch {
	case negative && t.Count > 0:
		return t, errors.New("negative array length")
	case digits == "" || digits[0] != ']':
		return t, errors.New("closing bracket expected")
	case digits != "]":
		return t, errors.New("redundant characters after bracket")
	}
	return t, nil
}
