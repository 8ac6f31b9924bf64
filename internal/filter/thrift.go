package filter

import (
	"weir/internal/payload"
	"weir/internal/pipeline"
	"weir/internal/plain"
	"weir/internal/proto/thrift"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "decodeThrift", Sig: "decodeThrift(options?: {maxMessageSize?: size})",
		Rows: append(append(rowsOf(thriftRows), maxMessageSizeRow("decodeThrift")),
			constantRows("thrift:Type.", thrift.Type(0).EnumNames())...),
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			o, err := options(b, 0)
			if err != nil {
				return nil, err
			}
			limit := maxMessageSize(o)
			return &decodeDef{make: func() decoder { return thriftDecoder{thrift.NewDecoder(limit)} }}, o.Err()
		},
	})
	pipeline.Register(pipeline.Spec{
		Name: "encodeThrift", Sig: "encodeThrift()",
		Build: func(b *pipeline.Build) (pipeline.Def, error) { return &encodeDef{encode: encodeThrift}, nil },
	})
}

// thriftRows are the objects of decodeThrift and encodeThrift.
const thriftRows = `thrift:Message#protocol	enum binary|compact|old = 'compact'
thrift:Message#type	enum call|reply|exception|oneway = 'call'
thrift:Message#seqID	int = 0
thrift:Message#name	string
thrift:Message#fields	Field[] | null
thrift:Message#framed	true, if set [beyond]
thrift:Field#id	int = 0
thrift:Field#type	enum = 'I32'
thrift:Field#value	any
thrift:List#elementType	enum = 'I32'
thrift:List#elements	array | null
thrift:Map#keyType	enum = 'I32'
thrift:Map#valueType	enum = 'I32'
thrift:Map#pairs	[key, value][] | null
`

type thriftDecoder struct{ *thrift.Decoder }

func (d thriftDecoder) Payload() any { return d.Message() }

// encodeThrift encodes a message, or an array of messages. What is no object has no bytes.
func encodeThrift(f *pipeline.Base, b []byte, _ any, _ *stream.Data, x any) ([]byte, error) {
	decoded, changed, err := payload.Read(f.Realm(), x)
	if err != nil {
		return nil, err
	}
	if m, ok := decoded.(*thrift.Message); ok && changed == nil {
		return thrift.Append(b, m)
	}
	list, ok := plain.Elements(changed)
	if !ok {
		list = []any{changed}
	}
	for _, e := range list {
		if e == nil {
			continue
		}
		o, ok := plain.AsObject(e)
		if !ok {
			break
		}
		m := thrift.NewMessage()
		plain.Assign(&m, o)
		if b, err = thrift.Append(b, &m); err != nil {
			return nil, err
		}
	}
	return b, nil
}
