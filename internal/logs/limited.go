package logs

import (
	"fmt"
	"time"
)

// What strangers can bring about is logged at most limitedLines times in limitedWindow from one place: they must not fill the
// disk, nor keep workers busy with writing.
const (
	limitedLines  = 20
	limitedWindow = time.Second
)

// limited counts the lines of a place since its first one.
type limited struct{ written, leftOut int }

// Limitedf writes a message of the engine about what a peer did. Of those from one place, such as a filter of a script, that
// come within a second, the first 20 are written; a line says how many more there were when the second is over.
func (l *Logger) Limitedf(level Level, place, format string, args ...any) {
	if !l.Enabled(level) {
		return
	}
	if l.admits(level, place) {
		l.write(level, cut(fmt.Sprintf(format, args...)))
	}
}

// admits counts a line, and reports whether it is to be written.
func (l *Logger) admits(level Level, place string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.places[place]
	if c == nil {
		c = &limited{}
		if l.places == nil {
			l.places = map[string]*limited{}
		}
		l.places[place] = c
		time.AfterFunc(l.window, func() { l.summarize(level, place) })
	}
	if c.written < limitedLines {
		c.written++
		return true
	}
	c.leftOut++
	return false
}

// summarize says what was left out, and begins anew.
func (l *Logger) summarize(level Level, place string) {
	l.mu.Lock()
	c := l.places[place]
	delete(l.places, place)
	l.mu.Unlock()
	if c != nil && c.leftOut > 0 {
		l.write(level, cut(fmt.Sprintf("%s: %d more messages like the last ones were left out", place, c.leftOut)))
	}
}
