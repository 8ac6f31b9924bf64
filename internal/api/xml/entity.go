package xml

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxExpansion bounds what entities of a document can come to, in bytes: an entity of entities of entities stands for more
// text than there is memory.
const maxExpansion = 16 << 20

var (
	entityDeclaration = regexp.MustCompile(`<!ENTITY[ \t\n]+([^ \t\n%"'<>&]+)[ \t\n]+(?:"([^"]*)"|'([^']*)')[ \t\n]*>`)
	reference         = regexp.MustCompile(`&[^;&\s]*;`)
)

// entities are the names with a meaning: those every document has, and those it declares.
func entities(doctype string) (map[string]string, bool) {
	all := map[string]string{"lt": "<", "gt": ">", "amp": "&", "quot": `"`, "apos": "'"}
	for _, m := range entityDeclaration.FindAllStringSubmatch(doctype, -1) {
		if _, known := all[m[1]]; known {
			continue // the first declaration counts
		}
		// What an entity refers to has been declared before it.
		value, ok := expand(m[2]+m[3], all)
		if !ok {
			return nil, false
		}
		all[m[1]] = value
	}
	return all, true
}

// expand replaces the references in a text. ok is false if one is unknown, or if the result is too long.
func expand(text string, all map[string]string) (string, bool) {
	ok, size := true, 0
	s := reference.ReplaceAllStringFunc(text, func(ref string) string {
		v, known := resolve(ref, all)
		size += len(v)
		ok = ok && known && size <= maxExpansion
		if !ok {
			return ""
		}
		return v
	})
	return s, ok
}

// resolve returns what a reference, such as &lt; or &#60;, stands for.
func resolve(ref string, all map[string]string) (string, bool) {
	name := ref[1 : len(ref)-1]
	digits, numeric := strings.CutPrefix(name, "#")
	if !numeric {
		v, ok := all[name]
		return v, ok
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	if err != nil || !utf8.ValidRune(rune(n)) || n < 0x20 && n != '\t' && n != '\n' && n != '\r' {
		return "", false
	}
	return string(rune(n)), true
}

// fits reports whether a document with these entities stays within bounds.
func fits(text []byte, all map[string]string) bool {
	longest := 0
	for _, v := range all {
		longest = max(longest, len(v))
	}
	return bytes.Count(text, []byte("&"))*longest <= maxExpansion+8*len(text)
}
