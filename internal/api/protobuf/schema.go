package protobuf

import (
	"weir/internal/event"
	"weir/internal/payload"
	"weir/internal/plain"
	"weir/internal/proto/protobuf/schema"
	"weir/internal/script"
	"weir/internal/stream"
)

// schemaClass is the class of schemas. Its Go value is a *schema.Schema.
var schemaClass = &script.Class{
	Name: "Schema", Path: "protobuf.Schema", Length: 1,
	Sig: "new protobuf.Schema(source: string | {[file: string]: string} | Data) [beyond]",
	New: newSchema,
	Methods: []script.Method{
		{Name: "decode", Sig: "decode(type: string, data: Data): object [beyond]", Length: 2, Fn: schemaDecode},
		{Name: "encode", Sig: "encode(type: string, values: object): Data [beyond]", Length: 2, Fn: schemaEncode},
	},
}

// newSchema takes the text of a .proto file, several by name, or the bytes of a FileDescriptorSet.
func newSchema(c *script.Call) (any, error) {
	v := c.Arg(0)
	if s, ok := c.AsString(v); ok {
		return compiled(map[string]string{"schema.proto": s})
	}
	if d, ok := event.DataOf(c.Realm, v); ok {
		s, err := schema.Load(d.Bytes())
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	if !v.IsObject() {
		return nil, script.ArgError(0, "a string, an object or a Data")
	}
	sources := map[string]string{}
	err := c.Each(v, func(name string, v script.Value) error {
		s, ok := c.AsString(v)
		if d, isData := event.DataOf(c.Realm, v); isData {
			s, ok = string(d.Bytes()), true
		}
		if !ok {
			return script.ArgError(0, "texts of .proto files as properties")
		}
		sources[name] = s
		return nil
	})
	if err != nil {
		return nil, err
	}
	return compiled(sources)
}

func compiled(sources map[string]string) (any, error) {
	s, err := schema.Compile(sources)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func schemaDecode(c *script.Call) (script.Value, error) {
	name, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	b, err := dataArg(c, 1)
	if err != nil {
		return script.Undefined, err
	}
	o, err := script.This[*schema.Schema](c).Decode(name, b)
	if err != nil {
		return script.Undefined, err
	}
	return payload.ToScript(c.Realm, o), nil
}

func schemaEncode(c *script.Call) (script.Value, error) {
	name, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	v, err := c.Object(1)
	if err != nil {
		return script.Undefined, err
	}
	x, err := payload.FromScript(c.Realm, v)
	if err != nil {
		return script.Undefined, err
	}
	o, _ := plain.AsObject(x)
	b, err := script.This[*schema.Schema](c).Encode(name, o)
	if err != nil {
		return script.Undefined, err
	}
	return event.NewData(c.Realm, stream.NewData(b)), nil
}
