package filter

import (
	"errors"

	"weir/internal/payload"
	"weir/internal/pipeline"
	"weir/internal/proto/resp"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "decodeRESP", Sig: "decodeRESP(options?: {maxMessageSize?: size})",
		Rows: []script.Row{maxMessageSizeRow("decodeRESP")},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			o, err := options(b, 0)
			if err != nil {
				return nil, err
			}
			limit := maxMessageSize(o)
			return &decodeDef{make: func() decoder { return respDecoder{resp.NewDecoder(limit)} }}, o.Err()
		},
	})
	pipeline.Register(pipeline.Spec{
		Name: "encodeRESP", Sig: "encodeRESP(options?: {version?: 2 | 3 | () => 2 | 3})",
		Rows:  []script.Row{{Path: "option:encodeRESP.version", Kind: "option", Signature: "2 | 3 | () => 2 | 3 = 2 [beyond]"}},
		Build: buildEncodeRESP,
	})
}

type respDecoder struct{ *resp.Decoder }

func (d respDecoder) Payload() any { return d.Value() }

func buildEncodeRESP(b *pipeline.Build) (pipeline.Def, error) {
	o, err := options(b, 0)
	if err != nil {
		return nil, err
	}
	version, given := optionParam(b, o, "version")
	if !given {
		version = b.ParamOf(script.Int(2))
	}
	if !version.IsFunction() && !isRESPVersion(version.Static()) {
		return nil, errors.New("options.version expects 2, 3 or a function")
	}
	encode := func(f *pipeline.Base, b []byte, _ any, _ *stream.Data, x any) ([]byte, error) {
		decoded, changed, err := payload.Read(f.Realm(), x)
		if err != nil {
			return nil, err
		}
		old, _ := decoded.(*resp.Value)
		if old != nil && changed == nil {
			return old.Append(b), nil
		}
		v, ok := version.Value(f)
		if !ok {
			return nil, errReported
		}
		if !isRESPVersion(v) {
			return nil, errors.New("options.version did not return 2 or 3")
		}
		n, _ := v.Float()
		value := resp.From(changed, old, int(n))
		return value.Append(b), nil
	}
	return &encodeDef{encode: encode}, o.Err()
}

func isRESPVersion(v script.Value) bool {
	n, ok := v.Float()
	return ok && (n == 2 || n == 3)
}
