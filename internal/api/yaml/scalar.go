package yaml

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"weir/internal/stream"
)

// ambiguous matches plain text that some reader of YAML 1.1 or 1.2 takes for something else than a string.
var ambiguous = regexp.MustCompile(`^(?i:~|null|true|false|yes|no|on|off|y|n|<<|=|[-+]?\.inf|\.nan` +
	`|[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?0x[0-9a-f_]+` +
	`|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])*(\.[0-9_]*)?(e[-+]?[0-9]+)?|[-+]?\.[0-9][0-9_]*(e[-+]?[0-9]+)?` +
	`|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([t \t].*)?)$`)

// plain reports whether s can be written without quotes.
func plain(s string) bool {
	if s == "" || strings.ContainsRune("-?:,[]{}#&*!|>'\"%@` \t.=", rune(s[0])) && !safeStart(s) {
		return false
	}
	last := s[len(s)-1]
	if last == ' ' || last == '\t' || last == ':' || ambiguous.MatchString(s) {
		return false
	}
	if strings.Contains(s, ": ") || strings.Contains(s, ":\t") || strings.Contains(s, " #") || strings.Contains(s, "\t#") {
		return false
	}
	for _, r := range s {
		if !printable(r) {
			return false
		}
	}
	return true
}

// safeStart accepts the usual paths: ./a, .hidden, ../b.
func safeStart(s string) bool { return s[0] == '.' && len(s) > 1 && !strings.HasPrefix(s, "...") }

func printable(r rune) bool { return r != utf8.RuneError && r != '\ufeff' && unicode.IsPrint(r) }

// quote returns s as a scalar on one line.
func quote(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case printable(r) || r == utf8.RuneError:
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// literal returns a text of several lines as a literal block, if it can be one.
func literal(s string, indent int) (string, bool) {
	body := strings.TrimRight(s, "\n")
	if !strings.Contains(s, "\n") || body == "" || strings.ContainsRune(" \t\n", rune(s[0])) {
		return "", false
	}
	for line := range strings.SplitSeq(body, "\n") {
		// Readers differ about blanks at the end of lines and tabs at their beginning.
		if strings.HasPrefix(line, "\t") || strings.TrimRight(line, " \t") != line {
			return "", false
		}
		for _, r := range line {
			if r != '\t' && !printable(r) {
				return "", false
			}
		}
	}
	var b strings.Builder
	tail := s[len(body):]
	switch len(tail) {
	case 0:
		b.WriteString("|-")
	case 1:
		b.WriteString("|")
	default:
		b.WriteString("|+")
	}
	for line := range strings.SplitSeq(body, "\n") {
		b.WriteByte('\n')
		if line != "" {
			b.WriteString(strings.Repeat(" ", indent))
			b.WriteString(line)
		}
	}
	if len(tail) > 1 {
		b.WriteString(tail[1:])
	}
	return b.String(), true
}

func binary(d *stream.Data) string { return base64.StdEncoding.EncodeToString(d.Bytes()) }
