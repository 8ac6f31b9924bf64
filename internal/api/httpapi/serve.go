package httpapi

import (
	"errors"
	"net/url"
	"path"
	"strings"

	"weir/internal/event"
	"weir/internal/httphead"
	"weir/internal/proto/http1"
	"weir/internal/proto/httpcond"
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
	response, err := d.respond(c, m, request)
	if err != nil || response == nil {
		return script.Null, err
	}
	return event.NewMessage(c.Realm, response), nil
}

// respond returns the response, nil if there is no such file.
func (d *directory) respond(c *script.Call, m *stream.Message, request *http1.Head) (*stream.Message, error) {
	if d.methods && request.Method != "" && request.Method != "GET" && request.Method != "HEAD" {
		return empty(405, http1.Headers{{Name: "allow", Value: "GET, HEAD"}}), nil
	}
	name, ok := d.pathname(request.Path)
	if !ok {
		return nil, nil
	}
	f, isIndex := d.find(name)
	if f == nil {
		return nil, nil
	}
	if raw, query, _ := strings.Cut(request.Path, "?"); d.redirect && isIndex && !strings.HasSuffix(raw, "/") {
		// The path is clean: it begins with a single slash, so that it names no other host.
		location := path.Clean("/"+raw) + "/"
		if query != "" {
			location += "?" + query
		}
		return empty(301, http1.Headers{{Name: "location", Value: location}}), nil
	}
	p := &reply{
		replyOptions: d.replyOptions, method: request.Method, fields: request.Headers,
		varies: d.compression != nil || f.negotiable(),
	}
	body, err := d.encode(c, m, p, f, name)
	if err != nil || body == nil {
		return nil, err
	}
	if p.kind, err = d.contentType(c, f, name); err != nil {
		return nil, err
	}
	if p.cacheControl, err = d.cacheControlOf(c, name); err != nil {
		return nil, err
	}
	return p.message(body)
}

// pathname returns the path of the file a request asks for.
func (d *directory) pathname(requested string) (string, bool) {
	if !d.decode {
		name, _, _ := strings.Cut(path.Clean("/"+requested), "?")
		return name, true
	}
	raw, _, _ := strings.Cut(requested, "?")
	name, err := url.PathUnescape(raw)
	if err != nil || strings.IndexByte(name, 0) >= 0 {
		return "", false
	}
	return path.Clean("/" + name), true
}

// encode chooses the form of a file to send. Compressed siblings go first.
func (d *directory) encode(c *script.Call, m *stream.Message, p *reply, f *staticFile, name string) (*form, error) {
	field, _ := p.fields.Get("accept-encoding")
	accept := httpcond.ParseAcceptEncoding(field)
	if packed, encoding := f.choose(accept); packed != nil {
		p.encoding = encoding
		return packed, nil
	}
	gz, br := accept.Weight("gzip") > 0, accept.Weight("br") > 0
	if f.plain == nil || d.compression == nil || !gz && !br {
		return f.plain, nil
	}
	choice := c.NewObject()
	if gz {
		c.Set(choice, "gzip", script.Bool(true))
	}
	if br {
		c.Set(choice, "br", script.Bool(true))
	}
	v, err := c.Call(d.compression.Value(), event.Any(c.Realm, m.Head, script.Null), choice, c.String(name), script.Number(float64(f.plain.size)))
	if err != nil {
		return nil, err
	}
	if !c.Truthy(v) {
		return f.plain, nil
	}
	algorithm, ok := c.AsString(v)
	switch {
	case !ok:
		return nil, errors.New("callback expected to return a string")
	case algorithm != "gzip":
		return nil, errors.New("callback returned an unsupported compression algorithm")
	case !gz:
		return f.plain, nil
	}
	made, err := f.compress()
	if err != nil || made == nil {
		return f.plain, nil // it goes as it is
	}
	d.account(f)
	p.encoding = "gzip"
	return made, nil
}

// contentType returns the content type of a file.
func (d *directory) contentType(c *script.Call, f *staticFile, name string) (string, error) {
	table := d.types.Static()
	if d.types.IsFunction() {
		v, err := c.Call(table, c.Arg(0), c.String(name))
		if err != nil {
			return "", err
		}
		if s, ok := c.AsString(v); ok {
			return s, nil
		}
		table = v
	}
	if !table.IsObject() {
		return typeOf(f.name, d.otherType), nil
	}
	for extension := range extensions(f.name) {
		v, err := c.Get(table, extension)
		if err != nil {
			return "", err
		}
		if !v.IsNullish() {
			return c.ToString(v)
		}
	}
	return d.otherType, nil
}

func (d *directory) cacheControlOf(c *script.Call, name string) (string, error) {
	v := d.cacheControl.Static()
	if d.cacheControl.IsFunction() {
		var err error
		if v, err = c.Call(v, c.String(name)); err != nil {
			return "", err
		}
	}
	if v.IsNullish() {
		return "", nil
	}
	return c.ToString(v)
}
