package crypto

import (
	"errors"

	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

// inputBytes returns what update was given: a Data, or a text and its encoding. The bytes are to be read only, within the call.
func inputBytes(c *script.Call) ([]byte, error) {
	if err := c.Need(1); err != nil {
		return nil, err
	}
	if d, ok := event.DataOf(c.Realm, c.Arg(0)); ok {
		return d.Bytes(), nil
	}
	text, ok := c.AsString(c.Arg(0))
	if !ok {
		return nil, script.ArgError(0, dataOrString)
	}
	return decodeText(c, text, 1)
}

// decodeText turns a text into bytes; the i-th argument is the optional encoding.
func decodeText(c *script.Call, text string, i int) ([]byte, error) {
	enc := stream.UTF8
	if c.Has(i) {
		name, err := c.Str(i)
		if err != nil {
			return nil, err
		}
		var ok bool
		if enc, ok = stream.EncodingByName(name); !ok {
			return nil, script.EnumError(i)
		}
	}
	d, err := stream.Decode(text, enc)
	if err != nil {
		return nil, err
	}
	return d.Bytes(), nil
}

// output returns bytes, which it takes over, as a Data; or as text if the i-th argument names an encoding of bytes.
func output(c *script.Call, b []byte, i int) (script.Value, error) {
	if !c.Has(i) {
		return newData(c, b), nil
	}
	name, err := c.Str(i)
	if err != nil {
		return script.Undefined, err
	}
	enc, err := outputEncoding(name)
	if err != nil {
		return script.Undefined, err
	}
	return c.String(stream.Encode(b, enc)), nil
}

func outputEncoding(name string) (stream.Encoding, error) {
	enc, ok := stream.EncodingByName(name)
	if !ok {
		return 0, errors.New("unknown encoding")
	}
	if enc != stream.Hex && enc != stream.Base64 && enc != stream.Base64URL {
		return 0, errors.New("invalid encoding")
	}
	return enc, nil
}
