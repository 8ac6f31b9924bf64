package logs

import "sync/atomic"

// SystemName is the name of the process's own log, where logs are told apart by names.
const SystemName = "pipy_log"

var process atomic.Pointer[Logger]

func init() {
	l, err := New(DefaultOptions())
	if err != nil {
		panic(err) // impossible without a file
	}
	process.Store(l)
}

// Default returns the logger of the process, which the functions below write to.
func Default() *Logger { return process.Load() }

// SetDefault replaces the logger of the process and returns the previous one.
func SetDefault(l *Logger) *Logger { return process.Swap(l) }

// DebugEnabled is Default().DebugEnabled.
func DebugEnabled(topics Topic) bool { return Default().DebugEnabled(topics) }

// Debugf is Default().Debugf.
func Debugf(topic Topic, format string, args ...any) { Default().Debugf(topic, format, args...) }

// Infof is Default().Infof.
func Infof(format string, args ...any) { Default().Infof(format, args...) }

// Warnf is Default().Warnf.
func Warnf(format string, args ...any) { Default().Warnf(format, args...) }

// Errorf is Default().Errorf.
func Errorf(format string, args ...any) { Default().Errorf(format, args...) }

// Print is Default().Print.
func Print(level Level, text string) { Default().Print(level, text) }
