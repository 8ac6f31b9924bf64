package httpcond

import (
	"net/http"
	"strings"
	"time"
)

// Outcome is what the conditions of a request lead to.
type Outcome int

// The outcomes.
const (
	Proceed     Outcome = iota // as without conditions
	NotModified                // 304
	Failed                     // 412
)

// Validators describe the current representation.
type Validators struct {
	ETag     string    // with quotes, W/ in front if it is weak; "" for none
	Modified time.Time // zero for unknown
}

// Fields gives the fields of a request by their names in lower case.
type Fields interface {
	Get(name string) (value string, ok bool)
}

// Check evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC 9110 section
// 13.2.2 for a representation that exists.
func Check(method string, f Fields, v Validators) Outcome {
	reading := method == "GET" || method == "HEAD"
	if tags, ok := f.Get("if-match"); ok {
		if !matches(tags, v.ETag, true) {
			return Failed
		}
	} else if since, ok := f.Get("if-unmodified-since"); ok {
		if t, ok := date(since); ok && !v.Modified.IsZero() && v.second().After(t) {
			return Failed
		}
	}
	if tags, ok := f.Get("if-none-match"); ok {
		switch {
		case !matches(tags, v.ETag, false):
		case reading:
			return NotModified
		default:
			return Failed
		}
	} else if since, ok := f.Get("if-modified-since"); ok && reading {
		if t, ok := date(since); ok && !v.Modified.IsZero() && !v.second().After(t) {
			return NotModified
		}
	}
	return Proceed
}

// RangeApplies evaluates If-Range: without it a Range field counts.
func RangeApplies(f Fields, v Validators) bool {
	s, ok := f.Get("if-range")
	if !ok {
		return true
	}
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, `"`) || strings.HasPrefix(s, "W/") {
		return matches(s, v.ETag, true)
	}
	t, ok := date(s)
	return ok && !v.Modified.IsZero() && v.second().Equal(t)
}

// second returns the modification time as far as a field can tell it.
func (v Validators) second() time.Time { return v.Modified.Truncate(time.Second) }

func date(s string) (time.Time, bool) {
	t, err := http.ParseTime(strings.TrimSpace(s))
	return t, err == nil
}

// matches reports whether an entity tag is in a list, or the list is "*". The strong comparison refuses weak tags.
func matches(list, tag string, strong bool) bool {
	list = strings.TrimSpace(list)
	if list == "*" {
		return true
	}
	opaque, weak := strings.CutPrefix(tag, "W/")
	if tag == "" || strong && weak {
		return false
	}
	for list != "" {
		list = strings.TrimLeft(list, " \t,")
		item, isWeak := strings.CutPrefix(list, "W/")
		if !strings.HasPrefix(item, `"`) {
			return false // not a list of entity tags from here on
		}
		end := strings.IndexByte(item[1:], '"')
		if end < 0 {
			return false
		}
		end += 2
		if item[:end] == opaque && !(strong && isWeak) {
			return true
		}
		list = item[end:]
	}
	return false
}
