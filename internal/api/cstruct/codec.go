package cstruct

import (
	"encoding/binary"

	"weir/internal/api/lang"
	"weir/internal/clayout"
	"weir/internal/payload"
	"weir/internal/script"
)

// Codec converts between bytes and script objects without plain data in between: for values that are converted often. It
// gives the same as the layout's own Encode and Decode.
type Codec struct {
	Layout *clayout.Layout
	fields []field
}

type field struct {
	*clayout.Field
	key   script.Key
	inner *Codec // of a Nested field
	end   int
}

// NewCodec prepares a layout; nil has no codec.
func NewCodec(l *clayout.Layout) *Codec {
	if l == nil {
		return nil
	}
	c := &Codec{Layout: l, fields: make([]field, len(l.Fields))}
	for i := range l.Fields {
		f := &l.Fields[i]
		c.fields[i] = field{Field: f, key: script.NewKey(f.Name), inner: NewCodec(f.Layout), end: f.Offset + f.Size*f.Type.Count}
	}
	return c
}

// Encode writes an object's fields to b, which has the size of the layout and is zero, and reports whether there was any.
func (c *Codec) Encode(r *script.Realm, o script.Value, b []byte) (any bool, err error) {
	for i := range c.fields {
		f := &c.fields[i]
		p := b[f.Offset:f.end]
		if f.Anonymous {
			got, err := f.inner.Encode(r, o, p)
			if err != nil {
				return any, err
			}
			any = any || got
		} else {
			v, err := r.GetKey(o, f.key)
			if err != nil {
				return any, err
			}
			if v.IsUndefined() {
				continue
			}
			any = true
			if err := f.encode(r, v, p); err != nil {
				return any, err
			}
		}
		if any && c.Layout.Union {
			break
		}
	}
	return any, nil
}

func (f *field) encode(r *script.Realm, v script.Value, b []byte) error {
	if f.Type.Kind == clayout.Nested && !f.Type.Array && v.IsObject() {
		_, err := f.inner.Encode(r, v, b)
		return err
	}
	if n, ok := v.Float(); ok && f.Type.Kind.Integral() && !f.Type.Array && f.Bits == 0 && n > -1<<62 && n < 1<<62 {
		put(b, uint64(int64(n)))
		return nil
	}
	x, err := payload.FromScript(r, v)
	if err == nil {
		f.Write(b, x)
	}
	return err
}

func put(b []byte, v uint64) {
	switch len(b) {
	case 1:
		b[0] = byte(v)
	case 2:
		binary.NativeEndian.PutUint16(b, uint16(v))
	case 4:
		binary.NativeEndian.PutUint32(b, uint32(v))
	case 8:
		binary.NativeEndian.PutUint64(b, v)
	}
}

// Decode returns the object in b, which has at least the size of the layout.
func (c *Codec) Decode(r *script.Realm, b []byte) script.Value {
	o := r.NewObject()
	c.decode(r, o, b)
	return o
}

func (c *Codec) decode(r *script.Realm, o script.Value, b []byte) {
	for i := range c.fields {
		f := &c.fields[i]
		p := b[f.Offset:f.end]
		if f.Anonymous {
			f.inner.decode(r, o, p)
			continue
		}
		end := r.Scope()
		r.SetKey(o, f.key, f.decode(r, p))
		end()
	}
}

func (f *field) decode(r *script.Realm, b []byte) script.Value {
	switch k := f.Type.Kind; {
	case k == clayout.Nested && !f.Type.Array:
		return f.inner.Decode(r, b)
	case f.Type.Array || f.Bits != 0 || k == clayout.Char:
	case k == clayout.Uint32:
		return script.Number(float64(binary.NativeEndian.Uint32(b)))
	case k == clayout.Int32:
		return script.Int(int(int32(binary.NativeEndian.Uint32(b))))
	case k == clayout.Uint64:
		return lang.NewUint(r, binary.NativeEndian.Uint64(b))
	case k == clayout.Int64:
		return lang.NewInt(r, int64(binary.NativeEndian.Uint64(b)))
	}
	return payload.ToScript(r, f.Read(b))
}

// Merge is Encode over bytes that are there: fields the object does not have keep theirs.
func (c *Codec) Merge(r *script.Realm, o script.Value, b []byte) error {
	for i := range c.fields {
		f := &c.fields[i]
		p := b[f.Offset:f.end]
		if f.Anonymous {
			if err := f.inner.Merge(r, o, p); err != nil {
				return err
			}
			continue
		}
		v, err := r.GetKey(o, f.key)
		if err != nil {
			return err
		}
		switch {
		case v.IsUndefined():
			continue
		case f.Type.Kind == clayout.Nested && !f.Type.Array && v.IsObject():
			err = f.inner.Merge(r, v, p)
		case f.Bits != 0:
			err = f.encode(r, v, p)
		default:
			clear(p)
			err = f.encode(r, v, p)
		}
		if err != nil || c.Layout.Union {
			return err
		}
	}
	return nil
}
