package logs

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// messageLimit is how many bytes of an engine message are written. It keeps data of strangers from flooding the log.
const messageLimit = 1000

// Logger is one log with its outputs. A call returns when its line has been handed to the operating system with one
// write per output, so lines of different goroutines never mix.
type Logger struct {
	level  atomic.Int32
	topics atomic.Uint32

	mu      sync.Mutex
	local   io.Writer // nil: none
	file    *File     // nil: none
	failing bool      // the last write to file failed
	history *History
	buffer  []byte
	now     func() time.Time
	closed  bool
	window  time.Duration // see Limitedf
	places  map[string]*limited
}

// New opens the log file, if there is one, and returns the logger.
func New(options Options) (*Logger, error) {
	l := &Logger{now: time.Now, window: limitedWindow}
	switch options.Local {
	case Stdout:
		l.local = os.Stdout
	case Stderr:
		l.local = os.Stderr
	}
	l.SetLevel(options.Level, options.Topics)
	if options.LocalOnly {
		l.history = NewHistory(0)
		return l, nil
	}
	l.history = NewHistory(options.HistoryLimit)
	if options.File != "" {
		file, err := OpenFile(options.File, options.Rotation)
		if err != nil {
			return nil, err
		}
		l.file = file
	}
	return l, nil
}

// SetLevel changes what is let through from now on.
func (l *Logger) SetLevel(level Level, topics Topic) {
	if level != Debug {
		topics = 0
	}
	l.topics.Store(uint32(topics))
	l.level.Store(int32(level))
}

// Enabled tells whether lines of a level other than Debug are written.
func (l *Logger) Enabled(level Level) bool { return int32(level) >= l.level.Load() }

// DebugEnabled tells whether debug lines on any of the topics are written. Ask before preparing costly arguments: a
// call of Debugf allocates for them even if nothing comes of it.
func (l *Logger) DebugEnabled(topics Topic) bool { return Topic(l.topics.Load())&topics != 0 }

// Debugf writes a message of the engine about a topic. This and the three that follow cut it at about 1000 bytes.
func (l *Logger) Debugf(topic Topic, format string, args ...any) {
	if l.DebugEnabled(topic) {
		l.write(Debug, cut(fmt.Sprintf(format, args...)))
	}
}

func (l *Logger) Infof(format string, args ...any)  { l.logf(Info, format, args) }
func (l *Logger) Warnf(format string, args ...any)  { l.logf(Warn, format, args) }
func (l *Logger) Errorf(format string, args ...any) { l.logf(Error, format, args) }

func (l *Logger) logf(level Level, format string, args []any) {
	if l.Enabled(level) {
		l.write(level, cut(fmt.Sprintf(format, args...)))
	}
}

// Print writes a text whole, whatever its length: what a script prints with console, or a report of several lines.
// With level Debug its topic is User.
func (l *Logger) Print(level Level, text string) {
	if level == Debug && !l.DebugEnabled(User) || !l.Enabled(level) {
		return
	}
	l.write(level, text)
}

func (l *Logger) write(level Level, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	line := l.format(level, text)
	if l.local != nil {
		_, _ = l.local.Write(line) // there is no place left to report to
	}
	if l.file != nil {
		_, err := l.file.Write(line)
		if err != nil && !l.failing && l.local != nil {
			_, _ = l.local.Write(l.format(Error, "cannot write log file: "+err.Error()))
			line = l.format(level, text)
		}
		l.failing = err != nil
	}
	l.history.Append(line)
}

// format returns the line in the logger's buffer.
func (l *Logger) format(level Level, text string) []byte {
	b := l.now().AppendFormat(l.buffer[:0], "2006-01-02 15:04:05.000 ")
	b = append(b, levelTags[level]...)
	b = append(b, text...)
	b = append(b, '\n')
	if cap(b) <= 64<<10 {
		l.buffer = b
	}
	return b
}

// History returns a copy of the lines kept in memory.
func (l *Logger) History() []byte { return l.history.Bytes() }

// Reopen makes the logger write to a new file of the same name after an external tool has moved the old one away. On
// error the logger goes on with the old one.
func (l *Logger) Reopen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	return l.file.Reopen()
}

// Close closes the file. Lines written later are dropped.
func (l *Logger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// cut shortens a message between two characters.
func cut(s string) string {
	if len(s) <= messageLimit {
		return s
	}
	n := messageLimit
	for n > messageLimit-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}
