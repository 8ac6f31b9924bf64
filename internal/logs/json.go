package logs

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// appendJSON appends a line of a log in JSON. The category is what the text begins with in brackets, such as listener. Bytes
// that are not UTF-8 are replaced.
func appendJSON(to []byte, at time.Time, level Level, text string) []byte {
	var category string
	if inner, rest, ok := strings.Cut(text, "] "); ok && strings.HasPrefix(inner, "[") && isCategory(inner[1:]) {
		category, text = strings.TrimSpace(inner[1:]), rest
	}
	b := bytes.NewBuffer(to)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	err := e.Encode(struct {
		Time     string `json:"time"`
		Level    string `json:"level"`
		Category string `json:"category,omitempty"`
		Message  string `json:"message"`
	}{at.Format("2006-01-02T15:04:05.000Z07:00"), level.String(), category, text})
	if err != nil {
		panic(err) // impossible: these are strings
	}
	return b.Bytes()
}

// isCategory tells a category, which may be padded with blanks, from a dumped array.
func isCategory(s string) bool {
	s = strings.TrimRight(s, " ")
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}
