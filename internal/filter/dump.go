package filter

import (
	"fmt"
	"strings"

	"weir/internal/event"
	"weir/internal/logs"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "dump", Sig: "dump(tag?: any | fn() -> any) (L,N)",
		Build: func(b *pipeline.Build) (pipeline.Def, error) { return &dumpDef{b.Param(0)}, nil },
	})
}

type dumpDef struct{ tag pipeline.Param }

func (d *dumpDef) New() pipeline.Filter { return &dump{def: d} }

// dump logs what passes.
type dump struct {
	pipeline.Base
	def *dumpDef
}

func (f *dump) Process(e stream.Event) {
	if log := f.World().Log; log.Enabled(logs.Info) {
		tag, ok := f.def.tag.Value(&f.Base)
		if !ok {
			tag = script.Undefined
		}
		log.Print(logs.Info, f.line(tag, e))
	}
	f.Output(e)
}

func (f *dump) line(tag script.Value, e stream.Event) string {
	var b strings.Builder
	at := f.Location()
	fmt.Fprintf(&b, "[dump] [worker=%d] [context=%d] [%s %d:%d] ", f.World().Thread(), f.Context().ID(), at.File, at.Line, at.Column)
	if !tag.IsUndefined() {
		fmt.Fprintf(&b, "[%s] ", f.show(tag))
	}
	b.WriteString(e.Kind().String())
	r := f.Realm()
	switch e := e.(type) {
	case *stream.MessageStart:
		b.WriteString(", head = " + f.show(event.Any(r, e.Head, script.Null)))
	case *stream.MessageEnd:
		b.WriteString(", tail = " + f.show(event.Any(r, e.Tail, script.Null)))
		if e.Payload != nil {
			b.WriteString(", payload = " + f.show(event.Any(r, e.Payload, script.Undefined)))
		}
	case *stream.StreamEnd:
		if e.Code != stream.NoError {
			b.WriteString(", code = " + e.Code.String())
		}
		if e.Err != nil {
			b.WriteString(", error = " + f.show(event.Any(r, e.Err, script.Undefined)))
		}
	case *stream.Data:
		bytes := e.Bytes()
		fmt.Fprintf(&b, " [%d] [ ", len(bytes))
		for _, c := range bytes[:min(len(bytes), 16)] {
			fmt.Fprintf(&b, "%02X ", c)
		}
		if len(bytes) > 16 {
			b.WriteString("... ")
		}
		b.WriteByte(']')
		if f.World().Log.DebugEnabled(logs.Dump) {
			hexTable(&b, bytes)
		}
	}
	return b.String()
}

// show renders a value for people; a string stays as it is.
func (f *dump) show(v script.Value) string {
	if s, ok := f.Realm().AsString(v); ok {
		return s
	}
	return f.World().Inspect(v)
}

// hexTable appends rows of 16 bytes, as numbers and as text.
func hexTable(b *strings.Builder, bytes []byte) {
	rule := "\n" + strings.Repeat("-", 68)
	b.WriteString(rule)
	for len(bytes) > 0 {
		row := bytes[:min(len(bytes), 16)]
		bytes = bytes[len(row):]
		text := make([]byte, len(row))
		for i, c := range row {
			if text[i] = c; c < 0x20 || c > 0x7e {
				text[i] = '.'
			}
		}
		fmt.Fprintf(b, "\n%-48s  %s", fmt.Sprintf("% X", row), text)
	}
	b.WriteString(rule)
}
