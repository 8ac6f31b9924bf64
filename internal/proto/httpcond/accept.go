package httpcond

import (
	"strings"
)

// Codings are the content codings an Accept-Encoding field lists with their weights.
type Codings struct {
	list []coding
	any  int // weight of "*", -1 if it is not listed
}

type coding struct {
	name   string
	weight int // thousandths
}

// maxCodings bounds what is read of a field: the rest counts as not listed.
const maxCodings = 32

// ParseAcceptEncoding reads an Accept-Encoding field. A malformed weight counts as 1, as most servers have it.
func ParseAcceptEncoding(field string) Codings {
	c := Codings{any: -1}
	for part := range strings.SplitSeq(field, ",") {
		name, params, _ := strings.Cut(part, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" || len(c.list) == maxCodings {
			continue
		}
		w := weight(params)
		switch name {
		case "*":
			c.any = w
		case "x-gzip":
			c.list = append(c.list, coding{"gzip", w})
		default:
			c.list = append(c.list, coding{name, w})
		}
	}
	return c
}

// Weight returns how much a coding, in lower case, is wanted: 0 for not at all, 1000 for most.
func (c Codings) Weight(name string) int {
	for _, k := range c.list {
		if k.name == name {
			return k.weight
		}
	}
	return max(c.any, 0)
}

// weight reads the parameters of a list element: q=0.5.
func weight(params string) int {
	for p := range strings.SplitSeq(params, ";") {
		k, v, ok := strings.Cut(strings.TrimSpace(p), "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(k), "q") {
			continue
		}
		return thousandths(strings.TrimSpace(v))
	}
	return 1000
}

// thousandths reads a qvalue: 0 or 1 with up to three decimals.
func thousandths(s string) int {
	if s == "" || s[0] != '0' && s[0] != '1' || len(s) > 1 && s[1] != '.' || len(s) > 5 {
		return 1000
	}
	n, scale := int(s[0]-'0')*1000, 100
	for i := 2; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 1000
		}
		n += int(s[i]-'0') * scale
		scale /= 10
	}
	return min(n, 1000)
}
