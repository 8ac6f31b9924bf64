package resp

import "strconv"

// Append appends a value as it stands on the wire.
func (v *Value) Append(b []byte) []byte {
	b = append(b, byte(v.Kind))
	switch v.Kind {
	case BulkString, BulkError, VerbatimString:
		if v.Null {
			return append(b, "-1\r\n"...)
		}
		if v.Streamed {
			return v.appendChunks(b)
		}
		b = appendSize(b, len(v.Text))
		b = append(b, v.Text...)
		return append(b, "\r\n"...)
	case Array, Map, Set, Push, Attribute:
		if v.Null {
			return append(b, "-1\r\n"...)
		}
		n := len(v.Elems)
		if v.Kind == Map || v.Kind == Attribute {
			n /= 2
		}
		if v.Streamed {
			b = append(b, "?\r\n"...)
		} else {
			b = appendSize(b, n)
		}
		for i := range v.Elems {
			b = v.Elems[i].Append(b)
		}
		if v.Streamed {
			b = append(b, byte(end), '\r', '\n')
		}
		return b
	}
	b = append(b, v.Text...)
	return append(b, "\r\n"...)
}

func (v *Value) appendChunks(b []byte) []byte {
	b = append(b, "?\r\n"...)
	for _, piece := range v.Elems {
		b = appendSize(append(b, byte(chunk)), len(piece.Text))
		b = append(append(b, piece.Text...), "\r\n"...)
	}
	return appendSize(append(b, byte(chunk)), 0)
}

func appendSize(b []byte, n int) []byte {
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, "\r\n"...)
}
