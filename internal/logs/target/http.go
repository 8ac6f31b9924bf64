package target

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"weir/internal/logs"
)

// HTTPOptions configure an HTTP target.
type HTTPOptions struct {
	Method  string
	Headers http.Header
	Limit   int // bytes of records that may wait
	TLS     *tls.Config

	BatchSize                         int           // records in a request at most
	BatchTimeout                      time.Duration // a batch is sent when no record has come for so long
	BatchInterval                     time.Duration // a record that comes so long after the last request is sent at once
	BatchPrefix, BatchPostfix, Divide string        // around and between the records of a request
}

const (
	httpRetry   = 5 * time.Second  // between attempts to reach a server
	httpTimeout = 30 * time.Second // of a request
	httpLinger  = 30 * time.Second // for what is left when a target is closed
	httpAnswer  = 1 << 20          // bytes of an answer that are read, to use its connection again
)

// HTTP returns a target that sends records in the bodies of requests.
func HTTP(address string, o HTTPOptions) (*Target, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("invalid URL: %s", address)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("invalid URL: %s: it has to begin with http:// or https:// and a host", address)
	}
	// The method is checked here; requests are made of the same parts.
	if _, err := http.NewRequest(o.Method, address, nil); err != nil {
		return nil, fmt.Errorf("invalid method: %s", o.Method)
	}
	for name, values := range o.Headers {
		if name == "" || strings.ContainsAny(name+strings.Join(values, ""), "\r\n\x00") {
			return nil, fmt.Errorf("invalid header: %s", name)
		}
	}
	transport := &http.Transport{TLSClientConfig: o.TLS, MaxConnsPerHost: 1, IdleConnTimeout: time.Minute, DisableCompression: true,
		TLSHandshakeTimeout: httpTimeout}
	h := &httpCarrier{url: address, o: o, transport: transport, retry: httpRetry}
	h.client = &http.Client{Transport: transport, Timeout: httpTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return start(u.Redacted(), o.Limit, h), nil
}

// httpCarrier gathers records into batches.
type httpCarrier struct {
	url       string
	o         HTTPOptions
	client    *http.Client
	transport *http.Transport
	retry     time.Duration
	batch     []record
	flushed   time.Time
	deadline  time.Time // for what is left, once the target is closed
	failing   bool
}

func (h *httpCarrier) carry(t *Target) {
	defer h.transport.CloseIdleConnections()
	idle := time.NewTimer(h.o.BatchTimeout)
	defer idle.Stop()
	for {
		select {
		case <-t.wake:
			h.batch = append(h.batch, t.take()...)
			h.sendDue(t)
			idle.Reset(h.o.BatchTimeout)
		case <-idle.C:
			h.send(t, len(h.batch))
			if len(h.batch) > 0 {
				idle.Reset(h.o.BatchTimeout)
			}
		case <-t.closing:
			h.batch = append(h.batch, t.take()...)
			for len(h.batch) > 0 {
				h.send(t, len(h.batch))
			}
			return
		}
	}
}

// sendDue sends whole batches, and whatever there is if nothing was sent for long.
func (h *httpCarrier) sendDue(t *Target) {
	for len(h.batch) >= h.o.BatchSize {
		h.send(t, h.o.BatchSize)
	}
	if len(h.batch) > 0 && time.Since(h.flushed) >= h.o.BatchInterval {
		h.send(t, len(h.batch))
	}
}

// send delivers the first n records, at most a batch. If the server cannot be reached it tries again, as long as the target is
// not closed for too long; then everything is lost.
func (h *httpCarrier) send(t *Target, n int) {
	if n = min(n, h.o.BatchSize); n == 0 {
		return
	}
	rs := h.batch[:n]
	body := h.body(rs)
	for !h.attempt(t, rs, body) {
		if !h.pause(t) {
			t.lost(h.batch)
			h.batch = nil
			return
		}
	}
	left := copy(h.batch, h.batch[n:])
	clear(h.batch[left:])
	h.batch = h.batch[:left]
	h.flushed = time.Now()
}

// pause waits before another attempt. It returns false if there shall be none.
func (h *httpCarrier) pause(t *Target) bool {
	if h.deadline.IsZero() {
		select {
		case <-time.After(h.retry):
		case <-t.closing:
			h.deadline = time.Now().Add(httpLinger)
		}
		return true
	}
	time.Sleep(min(h.retry, time.Until(h.deadline)))
	return time.Now().Before(h.deadline)
}

func (h *httpCarrier) body(rs []record) []byte {
	var b bytes.Buffer
	b.WriteString(h.o.BatchPrefix)
	for i, r := range rs {
		if i > 0 {
			b.WriteString(h.o.Divide)
		}
		b.Write(r.text)
	}
	b.WriteString(h.o.BatchPostfix)
	return b.Bytes()
}

// attempt makes one request. It returns false if the server could not be reached; records it answered are done with, and
// lost if it refused them.
func (h *httpCarrier) attempt(t *Target, rs []record, body []byte) bool {
	ctx, cancel := context.WithTimeout(context.Background(), httpTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, h.o.Method, h.url, bytes.NewReader(body))
	if err == nil {
		request.Header = h.o.Headers.Clone()
		if host := request.Header.Get("Host"); host != "" {
			request.Host = host
		}
		var response *http.Response
		if response, err = h.client.Do(request); err == nil {
			io.Copy(io.Discard, io.LimitReader(response.Body, httpAnswer))
			response.Body.Close()
			if response.StatusCode >= 300 {
				h.report(errors.New("the answer was " + response.Status))
				t.lost(rs)
			} else {
				h.report(nil)
				t.delivered(rs)
			}
			return true
		}
	}
	h.report(err)
	return false
}

// report logs the first of several failures.
func (h *httpCarrier) report(err error) {
	if err != nil && !h.failing {
		logs.Errorf("[logging] cannot send log records: %v", err)
	}
	h.failing = err != nil
}
