//go:build linux

package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// clientTLS is how the clients of all TLS loads connect. X25519 is what all servers have: what is compared are servers, not
// key exchanges.
func clientTLS() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, CurvePreferences: []tls.CurveID{tls.X25519}}
}

// handshakes keeps conns connections in flight: open, handshake, one request, close, open again. With resume, each follows
// an earlier one with a ticket, and must be resumed.
func handshakes(addr string, conns int, length time.Duration, resume bool) (result, error) {
	var res result
	var first error
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := time.Now()
	for range conns {
		config := clientTLS()
		if resume {
			config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			config.ServerName = "localhost"
			if _, err := visit(addr, config); err != nil {
				return res, err
			}
		}
		wg.Go(func() {
			count, errs := 0, 0
			var err error
			for time.Since(start) < length {
				var resumed bool
				if resumed, err = visit(addr, config); err == nil && resumed != resume {
					err = fmt.Errorf("resumed: %t", resumed)
				}
				if err != nil {
					errs++
					break
				}
				count++
			}
			mu.Lock()
			res.Count += count
			res.Errors += errs
			first = errors.Join(first, err)
			mu.Unlock()
		})
	}
	wg.Wait()
	res.Seconds = time.Since(start).Seconds()
	if res.Count == 0 {
		return res, first
	}
	return res, nil
}

// visit makes one connection with one request.
func visit(addr string, config *tls.Config) (resumed bool, err error) {
	c, err := openTLS(addr, config)
	if err != nil {
		return false, err
	}
	defer c.Close()
	if err := ask(c, addr, true); err != nil {
		return false, err
	}
	return c.ConnectionState().DidResume, nil
}

func openTLS(addr string, config *tls.Config) (*tls.Conn, error) {
	tcp, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	_ = tcp.SetDeadline(time.Now().Add(10 * time.Second))
	c := tls.Client(tcp, config)
	if err := c.Handshake(); err != nil {
		tcp.Close()
		return nil, err
	}
	return c, nil
}

// ask does one request.
func ask(c io.ReadWriter, addr string, last bool) error {
	head := "GET / HTTP/1.1\r\nHost: " + addr + "\r\n"
	if last {
		head += "Connection: close\r\n"
	}
	if _, err := io.WriteString(c, head+"\r\n"); err != nil {
		return fmt.Errorf("request: %w", err)
	}
	res, err := http.ReadResponse(bufio.NewReaderSize(c, 1024), nil)
	if err != nil {
		return fmt.Errorf("response: %w", err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != 200 || res.Close != last {
		return fmt.Errorf("response: status %d, close %v, %w", res.StatusCode, res.Close, err)
	}
	return nil
}
