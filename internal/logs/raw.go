package logs

// Raw writes bytes as they are, and a line break: no time, no level. It is dropped where information is. In a log of JSON
// they are the message of an object like all others.
func (l *Logger) Raw(b []byte) {
	if !l.Enabled(Info) {
		return
	}
	if l.json {
		l.write(Info, string(b))
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	line := append(append(make([]byte, 0, len(b)+1), b...), '\n')
	if l.local != nil {
		_, _ = l.local.Write(line) // as in write: there is no place left to report to
	}
	if l.file != nil {
		_, _ = l.file.Write(line) // the next line of the log reports it
	}
	l.history.Append(line)
}
