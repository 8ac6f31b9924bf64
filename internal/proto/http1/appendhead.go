package http1

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Framing is what a head says about its body and its connection besides its own headers.
type Framing struct {
	Response   bool  // write a status line, whatever the head was received as
	Length     int64 // content-length to send; -1 for none
	Chunked    bool  // send transfer-encoding: chunked; overrules Length
	KeepLength bool  // send the head's own content-length header: the answer to HEAD, or a 304
	Close      bool  // send connection: close
}

// AppendHead appends a head. The headers transfer-encoding, keep-alive and content-length of h give way to what f
// says; connection goes last.
//
// It fails, and returns dst as it was, if something in h would break the syntax: a name that is no token, control
// characters in values, spaces in method or path. So a script cannot be tricked into sending a second message.
func AppendHead(dst []byte, h *Head, f Framing) ([]byte, error) {
	b, err := appendStartLine(dst, h, f)
	if err != nil {
		return dst, err
	}
	connection, upgrade, length, cookie := "", false, false, false
	for i := range h.Headers {
		name, value := h.Headers[i].Name, h.Headers[i].Value
		switch len(name) {
		case len("cookie"):
			if !f.Response && h.Received.HTTP2 && isKey(name, "cookie") {
				if cookie {
					continue
				}
				cookie = true // HTTP/2 cuts it into several (RFC 9113 §8.2.3)
				value = strings.Join(h.Headers.Values("cookie"), "; ")
			}
		case len("upgrade"):
			upgrade = upgrade || isKey(name, "upgrade")
		case len("connection"): // and of keep-alive
			if isKey(name, "keep-alive") {
				continue
			}
			if isKey(name, "connection") {
				if connection = value; !allText([]byte(value)) {
					return dst, badHeader(name)
				}
				continue
			}
		case len("content-length"):
			if isKey(name, "content-length") {
				if _, ok := parseLength([]byte(value)); !f.KeepLength || length || !ok {
					continue
				}
				length = true
			}
		case len("transfer-encoding"):
			if isKey(name, "transfer-encoding") {
				continue
			}
		}
		if b, err = appendField(b, name, value); err != nil {
			return dst, err
		}
	}
	switch {
	case length:
	case f.Chunked:
		b = append(b, "transfer-encoding: chunked\r\n"...)
	case f.Length >= 0:
		b = append(b, "content-length: "...)
		b = strconv.AppendInt(b, f.Length, 10)
		b = append(b, '\r', '\n')
	}
	switch {
	case f.Close:
		connection = "close"
	case connection != "":
	case upgrade && (!f.Response || h.Status == 101 || h.Status == 426):
		connection = "upgrade"
	default:
		connection = "keep-alive"
	}
	b = append(b, "connection: "...)
	b = append(b, connection...)
	return append(b, "\r\n\r\n"...), nil
}

func appendStartLine(dst []byte, h *Head, f Framing) ([]byte, error) {
	protocol := protocol11
	if h.Protocol == protocol10 && !f.Chunked {
		protocol = protocol10
	}
	if f.Response {
		status := h.Status
		if status == 0 {
			status = 200
		}
		if status < 100 || status > 999 {
			return nil, fmt.Errorf("http: cannot send status %d, give one of 100 to 999", status)
		}
		text := h.StatusText
		if text == "" && !h.HasStatusText {
			text = StatusText(status)
		}
		dst = append(dst, protocol...)
		dst = append(dst, ' ')
		dst = strconv.AppendInt(dst, int64(status), 10)
		dst = append(dst, ' ')
		from := len(dst)
		dst = append(dst, text...)
		if !allText(dst[from:]) {
			return nil, errors.New("http: cannot send a status text with control characters")
		}
		return append(dst, '\r', '\n'), nil
	}
	from := len(dst)
	if h.Method == "" {
		dst = append(dst, "GET"...)
	} else {
		dst = append(dst, h.Method...)
	}
	if !all(dst[from:], &isToken) {
		return nil, fmt.Errorf("http: cannot send method %q, it is not a token", h.Method)
	}
	dst = append(dst, ' ')
	from = len(dst)
	if h.Path == "" {
		dst = append(dst, '/')
	} else {
		dst = append(dst, h.Path...)
	}
	if !all(dst[from:], &isTarget) {
		return nil, fmt.Errorf("http: cannot send path %q, encode spaces and control characters", h.Path)
	}
	dst = append(dst, ' ')
	dst = append(dst, protocol...)
	return append(dst, '\r', '\n'), nil
}

func appendField(dst []byte, name, value string) ([]byte, error) {
	from := len(dst)
	dst = append(dst, name...)
	if name == "" || !all(dst[from:], &isToken) {
		return nil, fmt.Errorf("http: cannot send header %q, its name is not a token", name)
	}
	dst = append(dst, ':', ' ')
	from = len(dst)
	dst = append(dst, value...)
	if !allText(dst[from:]) {
		return nil, badHeader(name)
	}
	return append(dst, '\r', '\n'), nil
}

func badHeader(name string) error {
	return fmt.Errorf("http: cannot send header %q, its value has control characters", name)
}

// headSize returns at least the size AppendHead needs for most heads.
func headSize(h *Head) int {
	n := 96 + len(h.Method) + len(h.Path) + len(h.StatusText)
	for i := range h.Headers {
		n += len(h.Headers[i].Name) + len(h.Headers[i].Value) + 4
	}
	return n
}
