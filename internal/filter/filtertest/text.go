package filtertest

import (
	"encoding/json"
	"strconv"
	"strings"

	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/stream"
)

// Text returns an event in the notation of Parse:
//
//	MessageStart{"path":"/"} Data"abc" MessageEnd{"tail":1}(payload) StreamEnd StreamEnd(ReadError) StreamEnd(Error: text)
//
// Heads and tails that are null are left out.
func (r *Rig) Text(e stream.Event) string {
	defer r.Realm.Scope()()
	switch e := e.(type) {
	case *stream.Data:
		return "Data" + strconv.Quote(string(e.Bytes()))
	case *stream.MessageStart:
		return "MessageStart" + r.braced(e.Head)
	case *stream.MessageEnd:
		s := "MessageEnd" + r.braced(e.Tail)
		if e.Payload != nil {
			s += "(" + r.text(event.Any(r.Realm, e.Payload, script.Undefined)) + ")"
		}
		return s
	case *stream.StreamEnd:
		if v := event.ErrorOf(r.Realm, e); !v.IsUndefined() {
			return "StreamEnd(" + r.text(v) + ")"
		}
		return "StreamEnd"
	}
	return "?"
}

func (r *Rig) braced(x any) string {
	if x == nil {
		return ""
	}
	return r.text(event.Any(r.Realm, x, script.Null))
}

// text renders a value: strings as they are, errors with their message, the rest as JSON.
func (r *Rig) text(v script.Value) string {
	if s, ok := r.Realm.AsString(v); ok {
		return s
	}
	if r.Realm.IsError(v) {
		m, _ := r.Realm.Get(v, "message")
		return "Error: " + r.text(m)
	}
	if d, ok := event.DataOf(r.Realm, v); ok {
		return r.Text(d)
	}
	if v.IsObject() && !r.Realm.IsFunction(v) {
		j, _ := r.Realm.Get(r.Realm.Global(), "JSON")
		f, _ := r.Realm.Get(j, "stringify")
		if s, err := r.Realm.Call(f, v); err == nil && s.IsString() {
			v = s
		}
	}
	s, _ := r.Realm.ToString(v)
	return s
}

type turn struct {
	events  []stream.Event
	buffers [][]byte // what the Data borrow
	do      string   // release, settle, ! or ~
	name    string
}

// Parse returns the events of one turn. The notation:
//
//   - MessageStart or S, with a head as JSON object: S{"path":"/"}
//   - Data or D with a quoted string: D"abc"
//   - MessageEnd or E, with a tail: E{"x":1}
//   - StreamEnd or ".", with an error: .(ReadError)
//   - "|" ends a turn; "release" releases the pipeline; "settle" runs the loop until it is idle
//   - "!name" and "~name" fulfil and reject the promise of test.wait(name), in a turn of their own
//
// Only events are allowed in Parse; Run.Feed takes all of it.
func (r *Rig) Parse(text string) []stream.Event {
	var es []stream.Event
	for _, t := range r.parse(text) {
		es = append(es, t.events...)
	}
	return es
}

func (r *Rig) parse(text string) []turn {
	r.T.Helper()
	var turns []turn
	var cur turn
	flush := func() {
		if len(cur.events) > 0 {
			turns = append(turns, cur)
			cur = turn{}
		}
	}
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		n := strings.IndexAny(text, " \t\n{\"(")
		if n < 0 {
			n = len(text)
		}
		word := text[:n]
		text = text[n:]
		switch {
		case word == "|":
			flush()
		case word == "release" || word == "settle":
			flush()
			turns = append(turns, turn{do: word})
		case word[:min(1, len(word))] == "!" || word[:min(1, len(word))] == "~":
			flush()
			turns = append(turns, turn{do: word[:1], name: word[1:]})
		case word == "S" || word == "MessageStart":
			cur.events = append(cur.events, &stream.MessageStart{Head: r.takeJSON(&text)})
		case word == "E" || word == "MessageEnd":
			cur.events = append(cur.events, &stream.MessageEnd{Tail: r.takeJSON(&text)})
		case word == "." || word == "StreamEnd":
			e := &stream.StreamEnd{}
			if rest, ok := strings.CutPrefix(text, "("); ok {
				name, after, _ := strings.Cut(rest, ")")
				e, text = event.StreamEnd(r.Realm, r.Realm.String(name)), after
			}
			cur.events = append(cur.events, e)
		case word == "D" || word == "Data":
			q, err := strconv.QuotedPrefix(text)
			if err != nil {
				r.T.Fatalf("Data needs a quoted string: %s", text)
			}
			text = text[len(q):]
			s, _ := strconv.Unquote(q)
			b := []byte(s)
			cur.buffers = append(cur.buffers, b)
			cur.events = append(cur.events, stream.NewTransient(b))
		default:
			r.T.Fatalf("no such event: %s", word)
		}
	}
	flush()
	return turns
}

// takeJSON cuts a JSON object off the text and returns it as a script object.
func (r *Rig) takeJSON(text *string) any {
	if !strings.HasPrefix(*text, "{") {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(*text))
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		r.T.Fatalf("%v: %s", err, *text)
	}
	*text = (*text)[len(raw):]
	j, _ := r.Realm.Get(r.Realm.Global(), "JSON")
	f, _ := r.Realm.Get(j, "parse")
	v, err := r.Realm.Call(f, r.Realm.String(string(raw)))
	if err != nil {
		r.T.Fatal(err)
	}
	return r.Realm.Hold(v)
}
