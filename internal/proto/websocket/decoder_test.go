package websocket

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"weir/internal/stream"
)

// feed decodes input that comes in pieces and describes the messages, and the error.
func feed(d *Decoder, pieces ...string) string {
	var out strings.Builder
	in, body := new(stream.Data), []byte(nil)
	for _, p := range pieces {
		b := []byte(p)
		in.Push(stream.NewTransient(b))
		for {
			e, err := d.Next(in)
			if err != nil {
				fmt.Fprintf(&out, "! %d", err.(*Error).Code)
				return out.String()
			}
			if e == nil {
				break
			}
			switch e := e.(type) {
			case *stream.MessageStart:
				h := e.Head.(*Head)
				fmt.Fprintf(&out, "%d", h.Opcode)
				if h.Masked {
					out.WriteString("m")
				}
				if h.RSV != 0 {
					fmt.Fprintf(&out, "r%d", h.RSV)
				}
				body = nil
			case *stream.Data:
				body = e.AppendTo(body)
			case *stream.MessageEnd:
				if len(body) > 300 {
					fmt.Fprintf(&out, "[%d bytes, %d x]; ", len(body), bytes.Count(body, []byte("x")))
				} else {
					fmt.Fprintf(&out, "%q; ", body)
				}
			}
		}
		in.Own()
		for i := range b { // as if the buffer were used again
			b[i] = 0xDB
		}
	}
	if d.InMessage() {
		fmt.Fprintf(&out, "...%q", body)
	}
	return out.String()
}

func bytesOf(s string) []string {
	var list []string
	for i := range len(s) {
		list = append(list, s[i:i+1])
	}
	return list
}

const (
	hello       = "\x81\x05Hello"                                // RFC 6455 §5.7
	helloMasked = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58" // RFC 6455 §5.7
	ping        = "\x89\x05Hello"                                // RFC 6455 §5.7
	pongMasked  = "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58" // RFC 6455 §5.7
	hel, lo     = "\x01\x03Hel", "\x80\x02lo"                    // RFC 6455 §5.7
	bye         = "\x88\x05\x03\xe8bye"                          // 1000
)

func x(n int) string { return strings.Repeat("x", n) }

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in, want string
		d        Decoder
	}{
		"text":                {in: hello, want: `1"Hello"; `},
		"masked text":         {in: helloMasked, want: `1m"Hello"; `},
		"fragments":           {in: hel + lo, want: `1"Hello"; `},
		"ping":                {in: ping, want: `9"Hello"; `},
		"pong, masked":        {in: pongMasked, want: `10m"Hello"; `},
		"256 bytes":           {in: "\x82\x7e\x01\x00" + x(256), want: `2"` + x(256) + `"; `},
		"64 KiB":              {in: "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + x(65536), want: `2[65536 bytes, 65536 x]; `},
		"empty":               {in: "\x81\x00\x82\x80abcd\x89\x00", want: `1""; 2m""; 9""; `},
		"125":                 {in: "\x81\x7d" + x(125), want: `1"` + x(125) + `"; `},
		"126":                 {in: "\x81\x7e\x00\x7e" + x(126), want: `1"` + x(126) + `"; `},
		"65535":               {in: "\x81\x7e\xff\xff" + x(65535), want: `1[65535 bytes, 65535 x]; `},
		"largest ping":        {in: "\x89\x7d" + x(125), want: `9"` + x(125) + `"; `},
		"several":             {in: hello + ping + helloMasked, want: `1"Hello"; 9"Hello"; 1m"Hello"; `},
		"empty fragments":     {in: "\x01\x00\x00\x00\x00\x01a\x00\x00\x80\x00", want: `1"a"; `},
		"all fragments empty": {in: "\x02\x00\x80\x00", want: `2""; `},
		"ping in a message":   {in: hel + ping + "\x00\x00" + pongMasked + lo, want: `9"Hello"; 10m"Hello"; 1"Hello"; `},
		"half a message":      {in: "\x81\x05Hel", want: `1..."Hel"`},
		"half, in fragments":  {in: hel, want: `...""`},
		"close":               {in: bye + "whatever follows", want: `8"\x03\xe8bye"; `},
		"close, empty":        {in: "\x88\x00" + hello, want: `8""; `},
		"close in a message":  {in: hel + bye + lo, want: `8"\x03\xe8bye"; `},

		"passed on":              {in: hel + "\x00\x04llo " + ping + "\x89\x01x" + "\x8a\x00" + lo + ping, want: `1"Helllo lo"; 9"x"; 10""; 9"Hello"; `, d: Decoder{BufferSize: 5}},
		"close, being passed on": {in: hel + "\x00\x04llo " + bye, want: `1! 1002`, d: Decoder{BufferSize: 5}},

		"limit":            {in: hello, want: `1"Hello"; `, d: Decoder{MaxMessageSize: 5}},
		"too large":        {in: hello, want: `! 1009`, d: Decoder{MaxMessageSize: 4}},
		"grows too large":  {in: hel + lo, want: `! 1009`, d: Decoder{MaxMessageSize: 4}},
		"limit is no sum":  {in: hello + hello + ping, want: `1"Hello"; 1"Hello"; 9"Hello"; `, d: Decoder{MaxMessageSize: 5}},
		"announces 2^63-1": {in: hel + "\x80\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", want: `! 1009`, d: Decoder{MaxMessageSize: 5}},

		"RSV1":            {in: "\xc1\x00", want: `! 1002`},
		"RSV2":            {in: "\xa1\x00", want: `! 1002`},
		"RSV3":            {in: "\x91\x00", want: `! 1002`},
		"RSV1 agreed on":  {in: "\xc1\x01a", want: `1r4"a"; `, d: Decoder{RSV: 4}},
		"RSV2 not":        {in: "\xe1\x01a", want: `! 1002`, d: Decoder{RSV: 4}},
		"RSV1 later":      {in: "\x41\x01a\xc0\x00", want: `! 1002`, d: Decoder{RSV: 4}},
		"RSV1 in a ping":  {in: "\xc9\x00", want: `! 1002`, d: Decoder{RSV: 4}},
		"masks required":  {in: helloMasked + hello, want: `1m"Hello"; ! 1002`, d: Decoder{Masking: MaskedOnly}},
		"masks forbidden": {in: hello + pongMasked, want: `1"Hello"; ! 1002`, d: Decoder{Masking: UnmaskedOnly}},

		"continues nothing":    {in: lo, want: `! 1002`},
		"after a whole one":    {in: hello + lo, want: `1"Hello"; ! 1002`},
		"two at once":          {in: hel + hello, want: `! 1002`},
		"two at once, binary":  {in: hel + "\x02\x00", want: `! 1002`},
		"ping in fragments":    {in: "\x09\x00", want: `! 1002`},
		"large ping":           {in: "\x89\x7e\x00\x7e", want: `! 1002`},
		"large close":          {in: "\x88\x7f", want: `! 1002`},
		"16 bits for 125":      {in: "\x81\x7e\x00\x7d", want: `! 1002`},
		"64 bits for 65535":    {in: "\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff", want: `! 1002`},
		"negative length":      {in: "\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00", want: `! 1002`},
		"half a code":          {in: "\x88\x01a", want: `! 1002`},
		"a reason not in UTF8": {in: "\x88\x04\x03\xe8\xff\xff", want: `! 1007`},
		"error after messages": {in: hello + "\x83\x00" + hello, want: `1"Hello"; ! 1002`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := c.d
			if got := feed(&d, c.in); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			d = c.d
			if got := feed(&d, bytesOf(c.in)...); got != c.want {
				t.Errorf("byte by byte: got  %s\nwant %s", got, c.want)
			}
			step := max(1, len(c.in)/50)
			for i := 0; i < len(c.in); i += step {
				d = c.d
				if got := feed(&d, c.in[:i], c.in[i:]); got != c.want {
					t.Errorf("cut at %d: got  %s\nwant %s", i, got, c.want)
				}
			}
		})
	}
}

func TestReservedOpcodes(t *testing.T) {
	t.Parallel()
	for op := range 16 {
		got := feed(new(Decoder), string([]byte{0x80 | byte(op), 0}))
		want := fmt.Sprintf(`%d""; `, op)
		if op != 1 && op != 2 && op != 8 && op != 9 && op != 10 {
			want = "! 1002"
		}
		if got != want {
			t.Errorf("opcode %d: got %s", op, got)
		}
	}
}

func TestCloseCodes(t *testing.T) {
	t.Parallel()
	good := map[int]bool{}
	for _, r := range [][2]int{{1000, 1003}, {1007, 1014}, {3000, 4999}} {
		for code := r[0]; code <= r[1]; code++ {
			good[code] = true
		}
	}
	for code := range 1 << 16 {
		got := feed(new(Decoder), string([]byte{0x88, 2, byte(code >> 8), byte(code)}))
		if refused := got == "! 1002"; refused == good[code] {
			t.Errorf("code %d: got %s", code, got)
		}
	}
}

// A message in one frame is passed on as it arrives, with nothing copied if it is not masked.
func TestDecodePassesOn(t *testing.T) {
	t.Parallel()
	d := new(Decoder)
	payload := []byte(x(10))
	in := stream.NewData([]byte("\x82\x7e\x10\x00"))
	in.Append(payload)
	start, _ := d.Next(in)
	if start.Kind() != stream.KindMessageStart {
		t.Fatal(start.Kind())
	}
	e, _ := d.Next(in)
	if data, ok := e.(*stream.Data); !ok || data.Size() != 10 || &data.Bytes()[0] != &payload[0] {
		t.Error("the payload is not the one that came in")
	}
	if e, err := d.Next(in); e != nil || err != nil || !d.InMessage() {
		t.Error(e, err)
	}
}

// What is held of a message in fragments is bounded, and so are the control messages that wait for its end.
func TestDecodeHoldsLittle(t *testing.T) {
	t.Parallel()
	d := new(Decoder)
	in, out := stream.NewString("\x02\x00"), 0
	for range 100 {
		in.Push(stream.NewString("\x00\x7e\x40\x00" + x(16384) + "\x89\x01a\x8a\x01b"))
		for {
			e, err := d.Next(in)
			if err != nil {
				t.Fatal(err)
			}
			if e == nil {
				break
			}
			if data, ok := e.(*stream.Data); ok {
				out += data.Size()
			}
		}
		if len(d.later) > 6 || d.held != nil && d.held.Size() > DefaultBufferSize {
			t.Fatalf("%d events wait", len(d.later))
		}
	}
	if out != 100*16384+8 { // and the pings and pongs from before the message was passed on
		t.Errorf("%d bytes were passed on", out)
	}
}
