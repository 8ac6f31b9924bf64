//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"weir/test/harness/attack"
)

// probePause is between two requests of a client whose latency is measured.
const probePause = time.Millisecond

// probe is a client that asks now and then. P99 is how many microseconds 99 of 100 of its requests take at most.
func probe(addr string, length time.Duration) (result, error) {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return result{}, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(length + 20*time.Second))
	r := bufio.NewReader(c)
	request := "GET / HTTP/1.1\r\nHost: " + addr + "\r\n\r\n"
	var took []float64
	start := time.Now()
	for time.Since(start) < length {
		begin := time.Now()
		if _, err := io.WriteString(c, request); err != nil {
			return result{}, err
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return result{}, err
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
			return result{}, fmt.Errorf("response: status %d, %w", res.StatusCode, err)
		}
		took = append(took, float64(time.Since(begin).Microseconds()))
		time.Sleep(probePause)
	}
	slices.Sort(took)
	return result{Count: len(took), Seconds: time.Since(start).Seconds(), P99: took[len(took)*99/100]}, nil
}

// assault attacks for some time. End is how the server has ended that, again and again.
func assault(name, addr, secure string, length time.Duration) (result, error) {
	for _, a := range attack.All() {
		if a.Name != name {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), length)
		defer cancel()
		end, err := a.Run(ctx, attack.Target{Plain: addr, Secure: secure}, false)
		if errors.Is(err, attack.ErrStopped) {
			end, err = "not ended", nil
		}
		return result{Count: 1, Seconds: length.Seconds(), End: end}, err
	}
	return result{}, fmt.Errorf("no attack %q", name)
}
