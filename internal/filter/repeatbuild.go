package filter

import (
	"weir/internal/pipeline"
	"weir/internal/script"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "repeat", Length: 2, Only: pipeline.Legacy,
		Rows: []script.Row{{Path: "Configuration#repeat", Kind: "function",
			Signature: "repeat(count: number | array, fn) build-time helper -> Configuration (L)"}},
		Build: buildRepeat,
	})
}

// buildRepeat has a function add filters a number of times, or for each element of an array. It is no filter itself.
func buildRepeat(b *pipeline.Build) (pipeline.Def, error) {
	if err := b.Need(2); err != nil {
		return nil, err
	}
	fn, err := b.Function(1)
	if err != nil {
		return nil, err
	}
	v := b.Arg(0)
	if b.IsArray(v) {
		for i := range b.Len(v) {
			e, err := b.GetIndex(v, i)
			if err == nil {
				_, err = b.Call.Call(fn, b.This, e, script.Int(i))
			}
			if err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
	n, ok := b.NumberOf(v)
	if !ok {
		return nil, script.ArgError(0, "a number or an array")
	}
	for i := range script.Truncate(n) {
		if _, err := b.Call.Call(fn, b.This, script.Int(i)); err != nil {
			return nil, err
		}
	}
	return nil, nil
}
