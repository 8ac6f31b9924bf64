package filter

import (
	"weir/internal/payload"
	"weir/internal/pipeline"
	"weir/internal/proto/bgp"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	for _, name := range []string{"decodeBGP", "encodeBGP"} {
		pipeline.Register(pipeline.Spec{
			Name: name, Sig: name + "(options?: {enableAS4?: boolean | () => boolean})",
			Rows: []script.Row{{Path: "option:" + name + ".enableAS4", Kind: "option", Signature: "boolean = false | () => boolean, per message"}},
			Build: func(b *pipeline.Build) (pipeline.Def, error) {
				as4, err := enableAS4(b)
				if err != nil {
					return nil, err
				}
				if name == "encodeBGP" {
					return &encodeDef{encode: as4.encode}, nil
				}
				return &decodeDef{make: func() decoder { return bgpDecoder{bgp.NewDecoder()} }, begin: as4.begin}, nil
			},
		})
	}
}

type bgpDecoder struct{ *bgp.Decoder }

func (d bgpDecoder) Payload() any { return d.Message() }

// as4Option is the option enableAS4.
type as4Option struct {
	fn    *script.Ref // nil if it is fixed
	fixed bool
}

func enableAS4(b *pipeline.Build) (*as4Option, error) {
	o, err := options(b, 0)
	if err != nil {
		return nil, err
	}
	v := o.Value("enableAS4")
	if b.IsFunction(v) {
		return &as4Option{fn: b.Hold(v)}, o.Err()
	}
	if s, _ := b.AsString(v); !v.IsUndefined() && !v.IsBool() && s != "true" && s != "false" {
		o.Fail("enableAS4", "a boolean", "a function")
	}
	return &as4Option{fixed: o.Bool("enableAS4", false)}, o.Err()
}

// value returns whether AS numbers have 4 bytes; ok is false if the callback failed, which was output.
func (a *as4Option) value(f *pipeline.Base) (as4, ok bool) {
	if a.fn == nil {
		return a.fixed, true
	}
	v, ok := f.Call(a.fn)
	return ok && f.Realm().Truthy(v), ok
}

func (a *as4Option) begin(f *pipeline.Base, d decoder) bool {
	as4, ok := a.value(f)
	d.(bgpDecoder).AS4 = as4
	return ok
}

func (a *as4Option) encode(f *pipeline.Base, b []byte, _ any, _ *stream.Data, x any) ([]byte, error) {
	decoded, changed, err := payload.Read(f.Realm(), x)
	if err != nil {
		return nil, err
	}
	m, _ := decoded.(*bgp.Message)
	if m == nil || changed != nil {
		if m = bgp.FromPlain(changed); m == nil {
			return nil, nil
		}
	}
	as4, ok := a.value(f)
	if !ok {
		return nil, errReported
	}
	return bgp.Append(b, m, as4), nil
}
