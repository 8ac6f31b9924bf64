package httpapi

import (
	"bytes"
	"errors"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"

	"weir/internal/event"
	"weir/internal/httphead"
	"weir/internal/proto/http1"
	"weir/internal/script"
	"weir/internal/stream"
)

// serve is directory.serve(request).
func serve(c *script.Call) (script.Value, error) {
	d := script.This[*directory](c)
	m, err := script.ArgAs[*stream.Message](c, 0, "an instance of Message")
	if err != nil {
		return script.Undefined, err
	}
	request, err := httphead.RequestOf(c.Realm, m.Head)
	if err != nil {
		return script.Undefined, err
	}
	name := path.Clean("/" + request.Path)
	name, _, _ = strings.Cut(name, "?")
	f := d.find(name)
	if f == nil {
		return script.Null, nil
	}
	accept, _ := request.Headers.Get("accept-encoding")
	body, encoding, err := d.encode(c, m, f, name, accept)
	if err != nil {
		return script.Undefined, err
	}
	if body == nil {
		return script.Null, nil
	}
	kind, err := d.contentType(c, f, name)
	if err != nil {
		return script.Undefined, err
	}
	return event.NewMessage(c.Realm, fileMessage(kind, encoding, body)), nil
}

// fileMessage returns the response with a file.
func fileMessage(kind, encoding string, body []byte) *stream.Message {
	headers := http1.Headers{{Name: "content-type", Value: kind}}
	if encoding != "" {
		headers = append(headers, http1.Header{Name: "content-encoding", Value: encoding})
	}
	return &stream.Message{Head: httphead.Response(200, headers), Body: stream.NewData(body)}
}

// encode chooses the form of a file to send. Compressed siblings go first.
func (d *directory) encode(c *script.Call, m *stream.Message, f *staticFile, name, accept string) (body []byte, encoding string, err error) {
	gz, br := false, false
	if accept != "" {
		gz, br = Accepted(accept)
	}
	switch {
	case br && f.br != nil:
		return f.br, "br", nil
	case gz && f.gzip != nil:
		return f.gzip, "gzip", nil
	case f.plain == nil:
		return nil, "", nil
	case d.compression == nil || !gz && !br:
		return f.plain, "", nil
	}
	choice := c.NewObject()
	if gz {
		c.Set(choice, "gzip", script.Bool(true))
	}
	if br {
		c.Set(choice, "br", script.Bool(true))
	}
	v, err := c.Call(d.compression.Value(), event.Any(c.Realm, m.Head, script.Null), choice, c.String(name), script.Int(len(f.plain)))
	if err != nil {
		return nil, "", err
	}
	if !c.Truthy(v) {
		return f.plain, "", nil
	}
	algorithm, ok := c.AsString(v)
	switch {
	case !ok:
		return nil, "", errors.New("callback expected to return a string")
	case algorithm != "gzip":
		return nil, "", errors.New("callback returned an unsupported compression algorithm")
	}
	if f.made == nil {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(f.plain) // to memory: neither this nor Close fails
		w.Close()
		f.made = b.Bytes()
	}
	return f.made, "gzip", nil
}

// contentType returns the content type of a file. What counts as its extension begins at the first dot of its name.
func (d *directory) contentType(c *script.Call, f *staticFile, name string) (string, error) {
	_, extension, _ := strings.Cut(path.Base(f.name), ".")
	extension = strings.ToLower(extension)
	table := script.Null
	if d.types != nil {
		table = d.types.Value()
		if d.typesCall {
			v, err := c.Call(table, c.Arg(0), c.String(name))
			if err != nil {
				return "", err
			}
			if s, ok := c.AsString(v); ok {
				return s, nil
			}
			table = v
		}
	}
	if !table.IsObject() {
		return typeOf(extension, d.otherType), nil
	}
	v, err := c.Get(table, extension)
	if err != nil || v.IsNullish() {
		return d.otherType, err
	}
	return c.ToString(v)
}
