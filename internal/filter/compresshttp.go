package filter

import (
	"errors"
	"strings"

	"weir/internal/compression"
	"weir/internal/event"
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "compressHTTP", Length: 1,
		Sig: "compressHTTP(algorithm: 'deflate'|'gzip'|'brotli'|'zstd' | fn(messageStart) -> string|null, options?) (L,N)",
		Rows: []script.Row{
			{Path: "callback:compressHTTP", Kind: "callback", Signature: "(messageStart) -> string|null"},
			{Path: "option:compressHTTP.level", Kind: "option", Signature: "int = the usual level of the algorithm"},
			{Path: "option:compressHTTP.flush", Kind: "option", Signature: "bool = true for text/event-stream, else false"},
			{Path: "option:compressHTTP.vary", Kind: "option", Signature: "bool = true: responses get vary: Accept-Encoding"},
		},
		Build: buildCompressHTTP,
	})
}

// codings are the content codings by the names that scripts give them.
var codings = map[string]string{"gzip": "gzip", "deflate": "deflate", "br": "br", "brotli": "br", "zstd": "zstd"}

type compressHTTPDef struct {
	algorithm pipeline.Param
	packing   packing
	vary      bool
}

func buildCompressHTTP(b *pipeline.Build) (pipeline.Def, error) {
	if v := b.Arg(0); !v.IsString() && !b.IsFunction(v) {
		return nil, errors.New("algorithm expects a string")
	}
	p, err := packingOptions(b, 1)
	if err != nil {
		return nil, err
	}
	o := b.Options(b.Arg(1))
	d := &compressHTTPDef{b.Param(0), p, o.Bool("vary", true)}
	if name, ok := b.AsString(b.Arg(0)); ok {
		if f, ok := compression.ContentCoding(codings[name]); ok {
			if err := compression.CheckLevel(f, p.level); err != nil {
				return nil, errors.New("options.level: " + err.Error())
			}
		}
	}
	return d, o.Err()
}

func (d *compressHTTPDef) New() pipeline.Filter {
	f := &compressHTTP{def: d}
	f.start.base, f.start.begin = &f.Base, f.begin
	return f
}

// compressHTTP compresses the bodies of HTTP messages, and says so in their heads.
type compressHTTP struct {
	pipeline.Base
	def    *compressHTTPDef
	inside bool // of a message
	start  heldStart
	coding string // for the message whose start is held
	flush  bool
	packer packer
}

func (f *compressHTTP) Process(e stream.Event) {
	switch e := e.(type) {
	case *stream.MessageStart:
		if !f.inside {
			f.open(e)
		}
	case *stream.Data:
		if !e.Empty() {
			f.start.withBody()
		}
		switch {
		case !f.inside:
		case f.packer.p == nil:
			f.Output(e)
		default:
			f.packer.write(&f.Base, e, f.flush)
		}
	case *stream.MessageEnd:
		if f.inside {
			f.close(whole(e))
			f.Output(e)
		}
	case *stream.StreamEnd:
		f.close(e.Code == stream.NoError)
		f.Output(e)
	}
}

func (f *compressHTTP) open(e *stream.MessageStart) {
	coding, ok := f.choose(e)
	if !ok {
		return
	}
	f.inside = true
	if coding == "" {
		f.Output(e)
		return
	}
	f.coding = coding
	f.start.hold(e)
}

// choose returns the coding for a message, "" for none. ok is false if the message is to be dropped.
func (f *compressHTTP) choose(e *stream.MessageStart) (coding string, ok bool) {
	r := f.Realm()
	v := f.def.algorithm.Static()
	if f.def.algorithm.IsFunction() {
		if v, ok = f.def.algorithm.Value(&f.Base, event.New(r, e)); !ok {
			return "", false
		}
	}
	if v.IsNullish() {
		return "", true
	}
	name, ok := r.AsString(v)
	if !ok {
		f.Fail("callback did not return a string")
		return "", false
	}
	if coding = codings[name]; coding == "" {
		return "", true
	}
	format, _ := compression.ContentCoding(coding)
	if err := compression.CheckLevel(format, f.def.packing.level); err != nil {
		f.Fail("options.level: " + err.Error())
		return "", false
	}
	head := httphead.FieldsOf(r, e.Head)
	if head.Get("content-encoding") != "" || !wholeBody(head.Status()) ||
		strings.Contains(strings.ToLower(head.Get("cache-control")), "no-transform") {
		coding = ""
	}
	return coding, good(&f.Base, head)
}

// wholeBody reports whether a message with this status may have a body, and that is not a part of one.
func wholeBody(status int) bool {
	return status == 0 || status >= 200 && status != 204 && status != 206 && status != 304
}

// good reports whether reading and changing a head went well; if not, why is output.
func good(b *pipeline.Base, head *httphead.Fields) bool {
	if err := head.Err(); err != nil {
		b.Output(b.World().Failure(err))
		return false
	}
	return true
}

// whole reports whether the message that e ends is complete, as far as one can know.
func whole(e *stream.MessageEnd) bool {
	_, cut := e.Tail.(*httphead.Truncated)
	return !cut
}

// begin outputs the start of a message whose body is compressed.
func (f *compressHTTP) begin(e *stream.MessageStart) {
	head := httphead.FieldsOf(f.Realm(), e.Head)
	f.flush = f.def.packing.flush || strings.HasPrefix(head.Get("content-type"), "text/event-stream")
	head.Set("content-encoding", f.coding)
	head.Delete("content-length")
	if !head.Request() {
		f.describe(head)
	}
	if !good(&f.Base, head) {
		f.inside = false
		return
	}
	if x := head.Head(); x != e.Head {
		e = &stream.MessageStart{Head: x}
	}
	format, _ := compression.ContentCoding(f.coding)
	f.packer.open(format, f.def.packing.level)
	f.Output(e)
}

// describe adapts what else a response says about its body: that there are other forms of it (RFC 9110 §12.5.5), no part of
// this one to be had (§14.3), and that only its meaning is what the entity tag stands for (§8.8.1).
func (f *compressHTTP) describe(head *httphead.Fields) {
	if f.def.vary {
		vary := head.Get("vary")
		switch {
		case vary == "":
			head.Set("vary", "Accept-Encoding")
		case !strings.Contains(strings.ToLower(vary), "accept-encoding") && strings.TrimSpace(vary) != "*":
			head.Set("vary", vary+", Accept-Encoding")
		}
	}
	weaken(head)
	head.Delete("accept-ranges")
}

// weaken makes a strong entity tag a weak one.
func weaken(head *httphead.Fields) {
	if tag := head.Get("etag"); strings.HasPrefix(tag, `"`) {
		head.Set("etag", "W/"+tag)
	}
}

// close ends a message.
func (f *compressHTTP) close(complete bool) {
	f.inside = false
	f.start.withoutBody()
	if f.packer.p != nil {
		f.packer.finish(&f.Base, complete)
	}
}

func (f *compressHTTP) Reset() {
	f.start.drop()
	f.packer.close()
}
