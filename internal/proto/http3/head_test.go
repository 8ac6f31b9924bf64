package http3

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	qh3 "github.com/quic-go/quic-go/http3"

	"weir/internal/proto/http1"
	"weir/internal/proto/http2"
)

var limits = Limits{MaxFieldSize: 100, MaxFields: 10}

func request(method, proto string, length int64, header http.Header) *http.Request {
	return &http.Request{Method: method, Proto: proto, Host: "a.test", RequestURI: "/p?q", ContentLength: length, Header: header}
}

func TestRequestHead(t *testing.T) {
	list := func(pairs ...string) (hs http1.Headers) {
		for i := 0; i < len(pairs); i += 2 {
			hs.Add(pairs[i], pairs[i+1])
		}
		return hs
	}
	for _, c := range []struct {
		name  string
		r     *http.Request
		ended bool
		want  http1.Head
	}{
		{"no body", request("GET", "HTTP/3.0", -1, http.Header{"X-B": {"2", "3"}, "Accept": {"*/*"}}), true, http1.Head{
			Method: "GET", Scheme: "https", Authority: "a.test", Path: "/p?q", Headers: list("host", "a.test", "accept", "*/*", "x-b", "2", "x-b", "3"),
			Received: http1.Received{HTTP2: true}}},
		{"a body to come", request("POST", "HTTP/3.0", -1, nil), false, http1.Head{
			Method: "POST", Scheme: "https", Authority: "a.test", Path: "/p?q", Headers: list("host", "a.test"),
			Received: http1.Received{HTTP2: true, ContentLength: -1, Chunked: true}}},
		{"a length, and another host", request("POST", "HTTP/3.0", 5, http.Header{"Content-Length": {"5"}, "Host": {"b.test"}}), false, http1.Head{
			Method: "POST", Scheme: "https", Authority: "a.test", Path: "/p?q", Headers: list("host", "a.test", "content-length", "5"),
			Received: http1.Received{HTTP2: true, ContentLength: 5}}},
		{"CONNECT", request("CONNECT", "HTTP/3.0", -1, nil), false, http1.Head{
			Method: "CONNECT", Authority: "a.test", Path: "/p?q", Headers: list("host", "a.test"), Received: http1.Received{HTTP2: true}}},
		{"extended CONNECT", request("CONNECT", "websocket", -1, nil), false, http1.Head{
			Method: "GET", Scheme: "https", Authority: "a.test", Path: "/p?q", Headers: list("host", "a.test", "upgrade", "websocket"),
			Received: http1.Received{HTTP2: true, Upgrade: true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := RequestHead(c.r, c.ended, limits)
			if err != nil || !reflect.DeepEqual(*h, c.want) {
				t.Errorf("got %+v, %v\nwant %+v", h, err, c.want)
			}
		})
	}
	r := request("POST", "HTTP/3.0", -1, http.Header{})
	r.Trailer = http.Header{"X-Sum": nil, "A": nil}
	h, err := RequestHead(r, false, limits)
	if v, _ := h.Headers.Get("trailer"); err != nil || v != "a, x-sum" {
		t.Errorf("announced trailers: %q", v)
	}
	r.Trailer = http.Header{"X-Sum": {"1", "2"}, "A": nil}
	if got := Trailers(r); !reflect.DeepEqual(got, list("x-sum", "1", "x-sum", "2")) {
		t.Errorf("trailers: %v", got)
	}
	for _, header := range []http.Header{{"X": {strings.Repeat("x", 100)}}, {"X": make([]string, 10)}} {
		if _, err := RequestHead(request("GET", "HTTP/3.0", 0, header), true, limits); !errors.Is(err, ErrTooLarge) {
			t.Errorf("too large a head: %v", err)
		}
	}
}

func TestResponseFields(t *testing.T) {
	for _, c := range []struct {
		name   string
		head   http1.Head
		length int64
		status int
		want   http.Header // without what keeps http3 from adding its own
		fails  string
	}{
		{"nothing", http1.Head{}, -1, 200, http.Header{}, ""},
		{"a length", http1.Head{Headers: http1.Headers{{Name: "Content-Length", Value: "7"}}}, 5, 200, http.Header{"content-length": {"5"}}, ""},
		{"no length", http1.Head{Headers: http1.Headers{{Name: "Content-Length", Value: "7"}}}, -1, 200, http.Header{}, ""},
		{"the length there is", http1.Head{Status: 304, Headers: http1.Headers{{Name: "content-length", Value: "7"}, {Name: "content-length", Value: "8"}}},
			http2.KeepLength, 304, http.Header{"content-length": {"7"}}, ""},
		{"of a connection", http1.Head{Headers: http1.Headers{{Name: "Connection", Value: "close"}, {Name: "Keep-Alive", Value: "1"},
			{Name: "Transfer-Encoding", Value: "chunked"}, {Name: "Upgrade", Value: "x"}, {Name: "Set-Cookie", Value: "a"}, {Name: "set-cookie", Value: "b"}}},
			-1, 200, http.Header{"set-cookie": {"a", "b"}}, ""},
		{"status", http1.Head{Status: 99}, -1, 0, nil, "cannot send status 99"},
		{"name", http1.Head{Headers: http1.Headers{{Name: "a b", Value: ""}}}, -1, 0, nil, "not a token"},
		{"value", http1.Head{Headers: http1.Headers{{Name: "a", Value: "\n"}}}, -1, 0, nil, "control characters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, fields, err := ResponseFields(&c.head, c.length)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("got %v", err)
				}
				return
			}
			for _, own := range []string{"Date", "Content-Type", "Content-Length"} {
				if v, there := fields[own]; !there || v != nil {
					t.Errorf("%s: %v", own, v)
				}
				delete(fields, own)
			}
			if err != nil || status != c.status || !reflect.DeepEqual(fields, c.want) {
				t.Errorf("got %d %v %v", status, fields, err)
			}
		})
	}
}

func TestTrailerFields(t *testing.T) {
	got, err := TrailerFields(http1.Headers{{Name: "X-Sum", Value: "1"}, {Name: "x-sum", Value: "2"}})
	if want := (http.Header{"Trailer:x-sum": {"1", "2"}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v %v", got, err)
	}
	if got, err := TrailerFields(nil); got != nil || err != nil {
		t.Errorf("got %v %v", got, err)
	}
	if _, err := TrailerFields(http1.Headers{{Name: ":status", Value: "1"}}); err == nil {
		t.Error("a pseudo-header was taken")
	}
}

func TestCode(t *testing.T) {
	for from, to := range map[http2.ErrCode]qh3.ErrCode{
		http2.NoError: qh3.ErrCodeNoError, http2.Cancel: qh3.ErrCodeRequestCanceled, http2.RefusedStream: qh3.ErrCodeRequestRejected,
		http2.ProtocolError: qh3.ErrCodeMessageError, http2.ConnectError: qh3.ErrCodeConnectError,
		http2.EnhanceYourCalm: qh3.ErrCodeExcessiveLoad, http2.InternalError: qh3.ErrCodeInternalError, 0xff: qh3.ErrCodeInternalError,
	} {
		if got := Code(from); got != to {
			t.Errorf("%v: %v", from, got)
		}
	}
}
