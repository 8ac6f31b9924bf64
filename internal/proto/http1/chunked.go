package http1

import "weir/internal/stream"

// maxChunkExtensions is the most bytes of extensions that one chunk may have.
const maxChunkExtensions = 4096

type chunkState uint8

const (
	chunkSize      chunkState = iota // before the size
	chunkDigits                      // within the size
	chunkExtension                   // within the extensions
	chunkSizeLF                      // before the line feed of the size line
	chunkData                        // within the data
	chunkCR                          // behind the data
	chunkLF                          // before the line feed behind the data
	chunkTrailer                     // behind the last chunk
)

// nextChunked decodes a chunked body (RFC 9112 §7.1). The data of all chunks at hand goes into one event.
func (d *Decoder) nextChunked(in *stream.Data) (stream.Event, error) {
	var out *stream.Data
	for !in.Empty() && d.chunk != chunkTrailer {
		if d.chunk != chunkData {
			if d.chunkFraming(in) != nil {
				break
			}
			continue
		}
		n := int(min(d.left, int64(in.Size())))
		d.bodySize += int64(n)
		if d.left -= int64(n); d.left == 0 {
			d.chunk = chunkCR
		}
		if out == nil {
			out = in.Shift(n)
		} else {
			out.Push(in.Shift(n))
		}
	}
	if out != nil {
		return out, nil
	}
	if d.err != nil || d.chunk != chunkTrailer {
		return nil, d.err
	}
	return d.nextTrailer(in)
}

// chunkFraming reads what is between the data of two chunks, or the part of it that is in the first slice of in.
func (d *Decoder) chunkFraming(in *stream.Data) error {
	piece := in.Segments()[0]
	n := 0
	for n < len(piece) && d.chunk != chunkData && d.chunk != chunkTrailer {
		if reason := d.chunkByte(piece[n]); reason != "" {
			return d.fail(400, reason)
		}
		n++
	}
	d.bodySize += int64(n)
	in.Skip(n)
	return nil
}

func (d *Decoder) chunkByte(c byte) (reason string) {
	switch d.chunk {
	case chunkSize:
		d.left, d.ext = 0, 0
		if unhex[c] == 255 {
			return "malformed chunk size"
		}
		d.left = int64(unhex[c])
		d.chunk = chunkDigits
	case chunkDigits:
		switch digit := unhex[c]; {
		case digit != 255:
			// Counting the digits as well keeps a size from going on with zeros for ever.
			if d.ext++; d.ext >= 16 || d.left >= 1<<58 {
				return "chunk size too large"
			}
			d.left = d.left<<4 | int64(digit)
		case c == '\r':
			d.chunk = chunkSizeLF
		case c == ';':
			d.chunk, d.ext = chunkExtension, 0
		default:
			return "malformed chunk size"
		}
	case chunkExtension:
		if c == '\r' {
			d.chunk = chunkSizeLF
		} else if !isText[c] {
			return "control character in a chunk extension"
		} else if d.ext++; d.ext > maxChunkExtensions {
			return "chunk extensions too long"
		}
	case chunkSizeLF, chunkLF:
		if c != '\n' {
			return "carriage return without line feed"
		}
		switch {
		case d.chunk == chunkLF:
			d.chunk = chunkSize
		case d.left == 0:
			d.chunk = chunkTrailer
		default:
			d.chunk = chunkData
		}
	case chunkCR:
		if c != '\r' {
			return "chunk longer than its size"
		}
		d.chunk = chunkLF
	}
	return ""
}

// nextTrailer decodes the trailer section. Fields that would change the meaning of the head are left out (RFC 9110
// §6.5.1).
func (d *Decoder) nextTrailer(in *stream.Data) (stream.Event, error) {
	bytes, err := d.section(in)
	if bytes == nil || err != nil {
		return nil, err
	}
	d.bodySize += int64(len(bytes))
	if len(d.lines.fields) > 0 {
		var trailer Headers
		for _, h := range d.lines.headers(string(bytes), nil) {
			if trailerAllowed(h.Name) {
				trailer = append(trailer, h)
			}
		}
		d.msg.tail.Headers = trailer
	}
	d.lines.reset(false)
	return d.end(), nil
}

// trailerAllowed reports whether a field makes sense after the body.
func trailerAllowed(name string) bool {
	switch Key(name) {
	case "transfer-encoding", "content-length", "host", "trailer", "connection", "keep-alive", "upgrade", "te", "expect",
		"content-encoding", "content-type", "content-range", "authorization", "proxy-authorization", "cookie",
		"set-cookie", "www-authenticate", "proxy-authenticate", "cache-control", "location", "range", "max-forwards",
		"age", "date", "expires", "retry-after", "vary", "proxy-connection":
		return false
	}
	return true
}
