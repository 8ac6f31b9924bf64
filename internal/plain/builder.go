package plain

// Builder makes an Object whose names may come more than once. The zero Builder is ready.
type Builder struct {
	Object Object
	index  map[string]int
}

// few is how many properties are looked through one by one.
const few = 16

// Find returns the property of a name, nil if there is none. It is valid until the next Set.
func (b *Builder) Find(name string) *Field {
	if b.index != nil {
		if i, ok := b.index[name]; ok {
			return &b.Object[i]
		}
		return nil
	}
	for i := range b.Object {
		if b.Object[i].Name == name {
			return &b.Object[i]
		}
	}
	return nil
}

// Set adds a property, or changes the value of the one of that name.
func (b *Builder) Set(name string, value any) {
	if f := b.Find(name); f != nil {
		f.Value = value
		return
	}
	b.Object = append(b.Object, Field{name, value})
	switch {
	case b.index != nil:
		b.index[name] = len(b.Object) - 1
	case len(b.Object) > few:
		b.index = make(map[string]int, 2*few)
		for i, f := range b.Object {
			b.index[f.Name] = i
		}
	}
}
