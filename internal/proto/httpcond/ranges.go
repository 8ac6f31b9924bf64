package httpcond

import (
	"errors"
	"strconv"
	"strings"
)

// Span is a run of bytes of a representation.
type Span struct{ Start, Length int64 }

// ContentRange returns the span as a Content-Range field has it.
func (s Span) ContentRange(size int64) string {
	return "bytes " + strconv.FormatInt(s.Start, 10) + "-" + strconv.FormatInt(s.Start+s.Length-1, 10) + "/" + strconv.FormatInt(size, 10)
}

// ErrUnsatisfiable says that no range overlaps with the representation: the answer is 416.
var ErrUnsatisfiable = errors.New("no range can be satisfied")

// maxSpans is how many ranges are answered one by one; who asks for more gets everything.
const maxSpans = 64

// ParseRange reads a Range field for a representation of size bytes. It returns no spans if the whole representation is
// to be sent: the unit is unknown, the field is malformed, or the ranges are too many or add up to more than there is.
func ParseRange(field string, size int64) ([]Span, error) {
	unit, set, ok := strings.Cut(field, "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return nil, nil
	}
	var spans []Span
	var total int64
	some := false
	for part := range strings.SplitSeq(set, ",") {
		if part = strings.Trim(part, " \t"); part == "" {
			continue
		}
		s, ok := parseSpan(part, size)
		if !ok {
			return nil, nil
		}
		some = true
		if s.Length == 0 {
			continue
		}
		if len(spans) == maxSpans {
			return nil, nil
		}
		spans = append(spans, s)
		if total += s.Length; total > size {
			return nil, nil
		}
	}
	switch {
	case !some:
		return nil, nil
	case len(spans) == 0:
		return nil, ErrUnsatisfiable
	}
	return spans, nil
}

// parseSpan reads first-last, first- or -length. The result is empty if it lies beyond the end.
func parseSpan(part string, size int64) (Span, bool) {
	first, last, ok := strings.Cut(part, "-")
	if !ok {
		return Span{}, false
	}
	first, last = strings.TrimRight(first, " \t"), strings.TrimLeft(last, " \t")
	if first == "" {
		n, ok := position(last)
		n = min(n, size)
		return Span{size - n, n}, ok
	}
	from, ok := position(first)
	if !ok {
		return Span{}, false
	}
	to := size - 1
	if last != "" {
		n, ok := position(last)
		if !ok || n < from {
			return Span{}, false
		}
		to = min(n, to)
	}
	if from > to {
		return Span{}, true
	}
	return Span{from, to - from + 1}, true
}

// position reads a number of any length; one beyond int64 is as good as the largest.
func position(s string) (int64, bool) {
	if s == "" {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 1<<63 - 1, true
	}
	return n, true
}
