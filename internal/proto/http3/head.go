package http3

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"weir/internal/proto/http1"
	"weir/internal/proto/http2"
)

// Limits bound a head.
type Limits struct {
	MaxFieldSize int // name and value of a field
	MaxFields    int
}

// ErrTooLarge is returned for a head that exceeds the limits: the answer is 431.
var ErrTooLarge = errors.New("http: the head of the request is too large")

// RequestHead returns the head of a request (RFC 9114 §4.3.1). An extended CONNECT (RFC 9220) becomes the GET with an upgrade
// header that HTTP/1 has in its place. ended says that there is no body; it counts if the request gives no length.
func RequestHead(r *http.Request, ended bool, limits Limits) (*http1.Head, error) {
	h := &http1.Head{Method: r.Method, Scheme: "https", Authority: r.Host, Path: r.RequestURI}
	h.Received = http1.Received{HTTP2: true, ContentLength: r.ContentLength}
	h.Headers = make(http1.Headers, 0, len(r.Header)+2)
	if r.Host != "" {
		h.Headers.Add("host", r.Host)
	}
	for _, key := range slices.Sorted(maps.Keys(r.Header)) {
		name := strings.ToLower(key)
		if name == "host" && r.Host != "" {
			continue
		}
		for _, v := range r.Header[key] {
			if len(name)+len(v) > limits.MaxFieldSize {
				return nil, ErrTooLarge
			}
			h.Headers.Add(name, v)
		}
	}
	if len(r.Trailer) > 0 {
		h.Headers.Add("trailer", strings.ToLower(strings.Join(slices.Sorted(maps.Keys(r.Trailer)), ", ")))
	}
	if len(h.Headers) > limits.MaxFields {
		return nil, ErrTooLarge
	}
	if r.Method != http.MethodConnect {
		switch {
		case r.ContentLength < 0 && ended:
			h.Received.ContentLength = 0
		case r.ContentLength < 0:
			h.Received.Chunked = true
		}
		return h, nil
	}
	h.Received.ContentLength = 0
	if protocol, ok := ConnectProtocol(r); ok {
		h.Method = http.MethodGet
		h.Headers.Add("upgrade", protocol)
		h.Received.Upgrade = true
	} else {
		h.Scheme = ""
	}
	return h, nil
}

// ConnectProtocol returns the :protocol of an extended CONNECT.
func ConnectProtocol(r *http.Request) (protocol string, ok bool) {
	if r.Method != http.MethodConnect || r.Proto == "HTTP/3.0" {
		return "", false
	}
	return r.Proto, true
}

// Trailers returns the trailer fields of a request that was read to its end; nil if there are none.
func Trailers(r *http.Request) http1.Headers {
	var hs http1.Headers
	for _, key := range slices.Sorted(maps.Keys(r.Trailer)) {
		for _, v := range r.Trailer[key] {
			hs.Add(strings.ToLower(key), v)
		}
	}
	return hs
}

// ResponseFields returns the status and the fields of a response to be sent. length is the content-length in place of one in
// h, as http2.Conn.SendHead has it. The names are in lower case, which http3 sends as they are and looks no further at: it
// shall neither add to them nor sniff at the body.
//
// It fails if something in h breaks the syntax.
func ResponseFields(h *http1.Head, length int64) (status int, fields http.Header, err error) {
	if status = h.Status; status == 0 {
		status = http.StatusOK
	}
	if status < 100 || status > 999 {
		return 0, nil, fmt.Errorf("http: cannot send status %d, give one of 100 to 999", status)
	}
	if err := http2.CheckFields(h.Headers); err != nil {
		return 0, nil, err
	}
	fields = make(http.Header, len(h.Headers)+4)
	for i := range h.Headers {
		name, value := h.Headers[i].Key(), h.Headers[i].Value
		switch name {
		case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings", "te":
		case "content-length":
			if n, ok := http1.ParseLength(value); ok && length == http2.KeepLength && fields[name] == nil {
				fields[name] = []string{strconv.FormatInt(n, 10)}
			}
		default:
			fields[name] = append(fields[name], value)
		}
	}
	if length >= 0 {
		fields["content-length"] = []string{strconv.FormatInt(length, 10)}
	}
	for _, own := range []string{"Date", "Content-Type", "Content-Length"} {
		fields[own] = nil
	}
	return status, fields, nil
}

// TrailerFields returns trailer fields to be sent, under the keys that http3 knows them by.
func TrailerFields(hs http1.Headers) (http.Header, error) {
	if len(hs) == 0 {
		return nil, nil
	}
	if err := http2.CheckFields(hs); err != nil {
		return nil, err
	}
	fields := make(http.Header, len(hs))
	for i := range hs {
		key := http.TrailerPrefix + hs[i].Key()
		fields[key] = append(fields[key], hs[i].Value)
	}
	return fields, nil
}
