package http1

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"weir/internal/stream"
)

// collected is what a decoder made of some input, in a form that does not depend on how the input was cut.
type collected struct {
	text   string // events, error
	status int    // of the error
	msgs   []decoded
	rest   string
}

type decoded struct {
	head  *Head
	body  string
	tail  *Tail
	ended bool
}

// feed decodes pieces, and the end of the input if eof is set. before is called at every message boundary.
func feed(d *Decoder, eof bool, before func(n int), pieces ...string) collected {
	var c collected
	var b strings.Builder
	in := new(stream.Data)
	take := func(e stream.Event) {
		switch e := e.(type) {
		case *stream.MessageStart:
			h := e.Head.(*Head)
			c.msgs = append(c.msgs, decoded{head: h})
			fmt.Fprintf(&b, "[%s]", describe(h))
		case *stream.Data:
			m := &c.msgs[len(c.msgs)-1]
			m.body += string(e.Bytes())
		case *stream.MessageEnd:
			m := &c.msgs[len(c.msgs)-1]
			m.tail, m.ended = e.Tail.(*Tail), true
			fmt.Fprintf(&b, "%q%v", m.body, *m.tail)
		}
	}
	var err error
	for _, p := range pieces {
		in.Push(stream.NewTransient([]byte(p)))
		for err == nil {
			if !d.InMessage() && before != nil {
				before(len(c.msgs))
			}
			var e stream.Event
			if e, err = d.Next(in); e == nil {
				break
			}
			take(e)
		}
	}
	if eof && err == nil {
		var e stream.Event
		if e, err = d.Finish(); e != nil {
			take(e)
		}
	}
	if n := len(c.msgs); n > 0 && !c.msgs[n-1].ended {
		fmt.Fprintf(&b, "%q", c.msgs[n-1].body)
	}
	var e *Error
	switch {
	case errors.As(err, &e):
		c.status = e.Status
		fmt.Fprintf(&b, "!%v", err)
	case err == io.ErrUnexpectedEOF:
		b.WriteString("!EOF")
	case err != nil:
		fmt.Fprintf(&b, "!%v", err)
	}
	c.text, c.rest = b.String(), string(in.Bytes())
	return c
}

func describe(h *Head) string {
	start := h.Method + " " + h.Path
	if h.IsResponse {
		start = fmt.Sprintf("%d %q", h.Status, h.StatusText)
	}
	return fmt.Sprintf("%s %s %q %+v", h.Protocol, start, h.Headers, h.Received)
}

// bytesOf cuts s into single bytes.
func bytesOf(s string) []string {
	pieces := make([]string, len(s))
	for i := range pieces {
		pieces[i] = s[i : i+1]
	}
	return pieces
}
