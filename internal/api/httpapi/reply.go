package httpapi

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"

	"weir/internal/httphead"
	"weir/internal/proto/http1"
	"weir/internal/proto/httpcond"
	"weir/internal/stream"
)

// replyOptions say what of RFC 9110 is looked at beyond content codings.
type replyOptions struct{ validators, ranges bool }

// reply is a response with a file in the making.
type reply struct {
	replyOptions
	method       string
	fields       http1.Headers // of the request
	kind         string
	encoding     string
	cacheControl string
	varies       bool // with accept-encoding
}

// message returns the response with a form, with a part of it, or that says that the client has it already.
func (p *reply) message(f *form) (*stream.Message, error) {
	reading := p.method == "" || p.method == "GET" || p.method == "HEAD"
	if p.validators && reading {
		switch httpcond.Check("GET", p.fields, f.Validators) {
		case httpcond.NotModified:
			// The length is that of what is not sent, RFC 9110 section 8.6.
			return empty(304, append(p.describe(nil, f), lengthOf(f))), nil
		case httpcond.Failed:
			return empty(412, nil), nil
		}
	}
	var spans []httpcond.Span
	if field, ok := p.fields.Get("range"); ok && p.ranges && reading && p.method != "HEAD" && p.rangeApplies(f) {
		var err error
		spans, err = httpcond.ParseRange(field, f.size)
		if errors.Is(err, httpcond.ErrUnsatisfiable) {
			return empty(416, http1.Headers{{Name: "content-range", Value: "bytes */" + strconv.FormatInt(f.size, 10)}}), nil
		}
	}
	headers := http1.Headers{{Name: "content-type", Value: p.kind}}
	if p.encoding != "" {
		headers = append(headers, http1.Header{Name: "content-encoding", Value: p.encoding})
	}
	m := new(stream.Message)
	status, pieces := 200, []piece{{span: httpcond.Span{Length: f.size}}}
	switch {
	case len(spans) == 1:
		status, pieces[0].span = 206, spans[0]
		headers = append(headers, http1.Header{Name: "content-range", Value: spans[0].ContentRange(f.size)})
	case len(spans) > 1:
		status = 206
		boundary := rand.Text()
		pieces = multipart(boundary, p.kind, spans, f.size)
		headers[0].Value = "multipart/byteranges; boundary=" + boundary
	case p.method == "HEAD":
		headers = append(headers, lengthOf(f))
	}
	m.Head = httphead.Response(status, p.describe(headers, f))
	if p.method == "HEAD" && f.bytes == nil {
		m.Body = new(stream.Data)
		return m, nil
	}
	return m, f.fill(m, pieces...)
}

// rangeApplies evaluates If-Range, which nothing satisfies without validators.
func (p *reply) rangeApplies(f *form) bool {
	v := f.Validators
	if !p.validators {
		v = httpcond.Validators{}
	}
	return httpcond.RangeApplies(p.fields, v)
}

// describe adds the headers that 200, 206 and 304 have in common.
func (p *reply) describe(h http1.Headers, f *form) http1.Headers {
	if p.varies {
		h.Add("vary", "accept-encoding")
	}
	if p.validators {
		h.Add("etag", f.ETag)
		if !f.Modified.IsZero() {
			h.Add("last-modified", f.Modified.UTC().Format(http.TimeFormat))
		}
	}
	if p.ranges {
		h.Add("accept-ranges", "bytes")
	}
	if p.cacheControl != "" {
		h.Add("cache-control", p.cacheControl)
	}
	return h
}

func lengthOf(f *form) http1.Header {
	return http1.Header{Name: "content-length", Value: strconv.FormatInt(f.size, 10)}
}

// empty returns a response without content. Its body is an empty Data, since scripts expect one.
func empty(status int, h http1.Headers) *stream.Message {
	return &stream.Message{Head: httphead.Response(status, h), Body: new(stream.Data)}
}

// multipart returns the body of a response with several ranges, RFC 9110 section 14.6.
func multipart(boundary, kind string, spans []httpcond.Span, size int64) []piece {
	pieces := make([]piece, 0, len(spans)+1)
	begin := "--"
	for _, s := range spans {
		pieces = append(pieces, piece{
			text: begin + boundary + "\r\ncontent-type: " + kind + "\r\ncontent-range: " + s.ContentRange(size) + "\r\n\r\n", span: s,
		})
		begin = "\r\n--"
	}
	return append(pieces, piece{text: begin + boundary + "--\r\n"})
}
