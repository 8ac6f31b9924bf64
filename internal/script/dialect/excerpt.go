package dialect

import (
	"strconv"
	"strings"
)

// Excerpt gives the two log lines that show the place of an error: the source
// line without its leading blanks, and a caret below the column. Line and col
// count from 1, col in bytes. It returns nil if src has no such line.
func Excerpt(src string, line, col int) []string {
	if line < 1 {
		return nil
	}
	for i := 1; i < line; i++ {
		n := strings.IndexByte(src, '\n')
		if n < 0 {
			return nil
		}
		src = src[n+1:]
	}
	if n := strings.IndexByte(src, '\n'); n >= 0 {
		src = src[:n]
	}
	text := strings.TrimLeft(src, " \t\r\v\f")
	indent := len(src) - len(text)
	number := strconv.Itoa(line)
	caret := max(col-1-indent, 0)
	return []string{
		"[pjs] Line " + number + ":  " + strings.TrimRight(text, "\r"),
		"[pjs]" + strings.Repeat(" ", 6+len(number)+3+caret) + "^",
	}
}
