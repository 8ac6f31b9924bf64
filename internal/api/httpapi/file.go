package httpapi

import (
	"bytes"
	"fmt"
	"io"
	"path"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"weir/internal/event"
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/proto/httpcond"
	"weir/internal/script"
	"weir/internal/stream"
)

var fileClass = &script.Class{
	Name: "File", Path: "http.File", Length: 1, Bound: true, Sig: "new http.File(path: string)",
	New: func(c *script.Call) (any, error) {
		name, err := c.Str(0)
		if err != nil {
			return nil, err
		}
		f := openFile(c.Realm, name)
		if f == nil {
			return nil, fmt.Errorf("file not found: %s", name)
		}
		return f, nil
	},
	Methods: []script.Method{
		{Name: "toMessage", Sig: `toMessage(acceptEncoding?: string = ""): Message`, Length: 1, Fn: toMessage},
	},
}

func init() {
	fileClass.Statics = []script.Method{{Name: "from", Sig: "from(path: string): File|null", Length: 1,
		Fn: func(c *script.Call) (script.Value, error) {
			name, err := c.Str(0)
			if err != nil {
				return script.Undefined, err
			}
			f := openFile(c.Realm, name)
			if f == nil {
				return script.Null, nil
			}
			return c.NewObjectOf(fileClass, f), nil
		}}}
}

// file is a file of the codebase in the forms it exists in, and the messages made of them.
type file struct {
	staticFile
	messages map[string]*script.Ref // by encoding
}

func openFile(r *script.Realm, name string) *file {
	s := &codebaseStore{filesOf(pipeline.WorldOf(r)).files, "/"}
	name = path.Clean("/" + name)
	for _, name := range []string{name, path.Join(name, "index.html")} {
		f := &file{messages: map[string]*script.Ref{}}
		if f.name = name; f.load(s) {
			return f
		}
	}
	return nil
}

// toMessage is file.toMessage(acceptEncoding) or file.toMessage(request).
func toMessage(c *script.Call) (script.Value, error) {
	f := script.This[*file](c)
	if m, ok := event.MessageOf(c.Realm, c.Arg(0)); ok {
		request, err := httphead.RequestOf(c.Realm, m.Head)
		if err != nil {
			return script.Undefined, err
		}
		response, err := f.respond(request)
		if err != nil {
			return script.Undefined, err
		}
		return event.NewMessage(c.Realm, response), nil
	}
	field := ""
	if c.Has(0) {
		var err error
		if field, err = c.Str(0); err != nil {
			return script.Undefined, err
		}
	}
	body, encoding := f.choose(httpcond.ParseAcceptEncoding(field))
	if m := f.messages[encoding]; m != nil {
		return m.Value(), nil
	}
	if body == nil {
		body = f.unpacked()
	}
	response := empty(400, nil)
	if body != nil {
		var err error
		p := &reply{kind: typeOf(f.name, defaultContentType), encoding: encoding}
		if response, err = p.message(body); err != nil {
			return script.Undefined, err
		}
	}
	v := event.NewMessage(c.Realm, response)
	f.messages[encoding] = c.Hold(v)
	return v, nil
}

// respond answers a request with all of HTTP: codings, conditions, ranges.
func (f *file) respond(request *http1.Head) (*stream.Message, error) {
	field, _ := request.Headers.Get("accept-encoding")
	p := &reply{
		replyOptions: replyOptions{true, true}, method: request.Method, fields: request.Headers,
		kind: typeOf(f.name, defaultContentType), varies: f.negotiable(),
	}
	var body *form
	if body, p.encoding = f.choose(httpcond.ParseAcceptEncoding(field)); body == nil {
		body = f.unpacked()
	}
	if body == nil {
		return empty(400, nil), nil
	}
	return p.message(body)
}

// unpacked returns the plain form, made of a compressed one if there is no other; nil if that is damaged.
func (f *file) unpacked() *form {
	if f.plain == nil {
		for i, c := range codings {
			packed := f.packed[i]
			if packed == nil {
				continue
			}
			if b, err := unpack(c.name, packed.bytes); err == nil {
				f.plain = memoryForm(b, packed.Modified)
				break
			}
		}
	}
	return f.plain
}

// unpack undoes a content coding.
func unpack(coding string, b []byte) ([]byte, error) {
	var r io.Reader = bytes.NewReader(b)
	switch coding {
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		r = z
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		r = z
	}
	b, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err == nil && len(b) > maxUnpacked {
		err = fmt.Errorf("more than %d bytes", maxUnpacked)
	}
	return b, err
}

// maxUnpacked bounds what a compressed file of the codebase may become.
const maxUnpacked = 256 << 20
