package algo

import (
	"errors"
	"fmt"

	"weir/internal/script"
)

// copier makes plain Go data, independent of any realm, of script values (see script.Realm.FromGo for its shape).
type copier struct {
	*script.Realm
	path []script.Identity // the objects around the value that is copied
}

// maxNesting is how deep objects can be nested in a shared value.
const maxNesting = 100

func (k *copier) copy(v script.Value) (any, error) {
	if !v.IsObject() {
		return k.ToGo(v), nil
	}
	if n, ok := k.Opaque(v).(script.Numeric); ok {
		return n.Number(), nil
	}
	if k.IsFunction(v) {
		return script.Undefined, nil
	}
	id := k.Identity(v)
	for _, p := range k.path {
		if p == id {
			return nil, errors.New("a value that contains itself cannot be shared")
		}
	}
	if len(k.path) == maxNesting {
		return nil, fmt.Errorf("a value nested deeper than %d objects cannot be shared", maxNesting)
	}
	k.path = append(k.path, id)
	defer func() { k.path = k.path[:len(k.path)-1] }()
	if k.IsArray(v) {
		return k.array(v)
	}
	o := script.Object{}
	err := k.Each(v, func(name string, f script.Value) error {
		if k.IsFunction(f) {
			return nil
		}
		x, err := k.copy(f)
		o = append(o, script.Pair{Name: name, Value: x})
		return err
	})
	return o, err
}

func (k *copier) array(v script.Value) (any, error) {
	a := make([]any, k.Len(v))
	for i := range a {
		end := k.Scope()
		e, err := k.GetIndex(v, i)
		if err == nil {
			a[i], err = k.copy(e)
		}
		end()
		if err != nil {
			return nil, err
		}
	}
	return a, nil
}
