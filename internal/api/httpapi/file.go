package httpapi

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"

	"weir/internal/event"
	"weir/internal/httphead"
	"weir/internal/pipeline"
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
	files := filesOf(pipeline.WorldOf(r)).files
	name = path.Clean("/" + name)
	for _, name := range []string{name, path.Join(name, "index.html")} {
		f := &file{messages: map[string]*script.Ref{}}
		f.name = name
		for _, form := range []struct {
			suffix string
			bytes  *[]byte
		}{{"", &f.plain}, {".gz", &f.gzip}, {".br", &f.br}} {
			if b, err := files.Read(name + form.suffix); err == nil {
				*form.bytes = append([]byte{}, b...)
			}
		}
		if f.plain != nil || f.gzip != nil || f.br != nil {
			return f
		}
	}
	return nil
}

func toMessage(c *script.Call) (script.Value, error) {
	f := script.This[*file](c)
	accept := ""
	if c.Has(0) {
		var err error
		if accept, err = c.Str(0); err != nil {
			return script.Undefined, err
		}
	}
	gz, br := Accepted(accept)
	encoding := ""
	switch {
	case br && f.br != nil:
		encoding = "br"
	case gz && f.gzip != nil:
		encoding = "gzip"
	}
	if m := f.messages[encoding]; m != nil {
		return m.Value(), nil
	}
	v := event.NewMessage(c.Realm, f.message(encoding))
	f.messages[encoding] = c.Hold(v)
	return v, nil
}

func (f *file) message(encoding string) *stream.Message {
	extension := ""
	if i := strings.LastIndexByte(path.Base(f.name), '.'); i >= 0 {
		extension = strings.ToLower(path.Base(f.name)[i+1:])
	}
	kind := typeOf(extension, defaultContentType)
	switch encoding {
	case "br":
		return fileMessage(kind, encoding, f.br)
	case "gzip":
		return fileMessage(kind, encoding, f.gzip)
	}
	if f.plain == nil {
		f.plain = f.decompress()
	}
	if f.plain == nil {
		return &stream.Message{Head: httphead.Response(400, nil)}
	}
	return fileMessage(kind, "", f.plain)
}

// maxDecompressed bounds what a compressed file of the codebase may become.
const maxDecompressed = 256 << 20

// decompress makes the plain form of what exists only compressed, nil if it is damaged.
func (f *file) decompress() []byte {
	if f.gzip != nil {
		if r, err := gzip.NewReader(bytes.NewReader(f.gzip)); err == nil {
			if b, err := io.ReadAll(io.LimitReader(r, maxDecompressed)); err == nil {
				return b
			}
		}
	}
	if f.br != nil {
		if b, err := io.ReadAll(io.LimitReader(brotli.NewReader(bytes.NewReader(f.br)), maxDecompressed)); err == nil {
			return b
		}
	}
	return nil
}
