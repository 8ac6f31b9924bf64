package xml

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxExpansion bounds what the entities of a document come to, in bytes: an entity of entities of entities stands for more
	// text than there is memory.
	maxExpansion = 16 << 20
	// useSize is what an entity within an entity counts for besides the text it stands for.
	useSize = 1024
	// maxEntities is how many entities may be within each other.
	maxEntities = 100
)

var (
	entityDeclaration = regexp.MustCompile(`<!ENTITY[ \t\n]+([^ \t\n%"'<>&]+)[ \t\n]+(?:"([^"]*)"|'([^']*)')[ \t\n]*>`)
	reference         = regexp.MustCompile(`&[^;&\s]*;`)
)

// predefined are the entities that every document has. They are text, never markup.
var predefined = map[string]string{"lt": "<", "gt": ">", "amp": "&", "quot": `"`, "apos": "'"}

// entities reads the declarations of a DOCTYPE. What an entity stands for is a piece of the document, in which references to
// characters are replaced; references to entities are when it is used.
func entities(doctype string) (all map[string]string, ok bool) {
	all, ok = map[string]string{}, true
	for _, m := range entityDeclaration.FindAllStringSubmatch(doctype, -1) {
		name := m[1]
		if _, known := all[name]; known || predefined[name] != "" {
			continue // the first declaration counts
		}
		all[name] = reference.ReplaceAllStringFunc(m[2]+m[3], func(ref string) string {
			if ref[1] != '#' {
				return ref
			}
			c, known := character(ref)
			ok = ok && known
			return c
		})
	}
	return all, ok
}

// character returns the character that a reference such as &#60; stands for.
func character(ref string) (string, bool) {
	digits, numeric := strings.CutPrefix(ref[1:len(ref)-1], "#")
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	if !numeric || err != nil || !utf8.ValidRune(rune(n)) || n < 0x20 && n != '\t' && n != '\n' && n != '\r' {
		return "", false
	}
	return string(rune(n)), true
}

// expand returns what an attribute's text stands for: references are replaced, and blanks of any kind become spaces.
func (p *parser) expand(text string) (string, bool) {
	var b strings.Builder
	ok := p.expandTo(&b, text)
	return b.String(), ok
}

var blanks = strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")

func (p *parser) expandTo(b *strings.Builder, text string) bool {
	plain := func(s string) { b.WriteString(blanks.Replace(s)) }
	char := func(s string) { b.WriteString(s) }
	return p.pieces(text, plain, char, func(literal string) bool { return !strings.Contains(literal, "<") && p.expandTo(b, literal) })
}

// pieces takes a text apart: plain gets what stands between references, char what the references of characters stand for, and
// literal the texts of entities. It returns false if a reference is malformed, or literal returned false.
func (p *parser) pieces(text string, plain, char func(string), literal func(string) bool) bool {
	for {
		before, ref, rest, found, ok := cutReference(text)
		plain(before)
		if !found || !ok {
			return ok
		}
		if c, isCharacter := character(ref); isCharacter {
			char(c)
		} else if s := predefined[ref[1:len(ref)-1]]; s != "" {
			char(s)
		} else if !p.within(ref, literal) {
			return false
		}
		text = rest
	}
}

// cutReference cuts a text around its first reference. ok is false if that has no end.
func cutReference(text string) (before, ref, rest string, found, ok bool) {
	i := strings.IndexByte(text, '&')
	if i < 0 {
		return text, "", "", false, true
	}
	end := strings.IndexByte(text[i:], ';')
	if end < 0 {
		return text[:i], "", "", true, false
	}
	return text[:i], text[i : i+end+1], text[i+end+1:], true, true
}

// within calls f with what a reference to a declared entity stands for. It returns false if f does, if there is no such entity,
// if it is within itself, or if all of them come to too much.
func (p *parser) within(ref string, f func(literal string) bool) bool {
	name := ref[1 : len(ref)-1]
	literal, known := p.entities[name]
	if p.left -= len(literal); len(p.using) > 0 {
		p.left -= useSize
	}
	if !known || p.left < 0 || p.using[name] || len(p.using) >= maxEntities {
		return false
	}
	p.using[name] = true
	defer delete(p.using, name)
	return f(literal)
}
