package script

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	lib "modernc.org/libquickjs"
)

// Error is an exception a script threw, or the engine threw for it.
type Error struct {
	// Message is the message of an Error object, or the text of any other thrown value.
	Message string
	// Stack has the frames of the call that failed, innermost first, in the author's positions.
	Stack []Frame
	// Interrupted: the script ran longer than allowed.
	Interrupted bool
	// OutOfMemory: the script used more memory than allowed.
	OutOfMemory bool

	value *Ref
	r     *Realm
}

// Frame is one line of a backtrace. A native function has no file.
type Frame struct {
	Function string
	File     string
	Line     int
	Column   int
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Value returns the thrown value.
func (e *Error) Value() Value { return e.value.Value() }

// SyntaxError is a file that cannot be understood.
type SyntaxError struct {
	File         string
	Line, Column int
	Message      string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return e.Message + " at line " + strconv.Itoa(e.Line) + " column " + strconv.Itoa(e.Column) + " in " + e.File
}

// throw makes err the pending exception and returns the value that says so.
func (r *Realm) throw(err error) jsValue {
	var e *Error
	if errors.As(err, &e) && e.r == r && e.value != nil {
		return lib.XJS_Throw(r.tls, r.ctx, dup(e.value.v))
	}
	return lib.XJS_Throw(r.tls, r.ctx, r.errorObject(err))
}

// Detailed is implemented by errors that scripts see with fields beside the message, such as errno.
type Detailed interface{ ErrorFields() Object }

// maxReason is how many lines of a failure's log go with an error that nobody catches: the last ones tell the reason.
const maxReason = 10

// reason returns the last lines of the field log of an error, if it has one.
func (e *Error) reason() []string {
	if e.value == nil || !e.r.IsError(e.Value()) {
		return nil
	}
	mark := len(e.r.arena)
	defer e.r.endScope(mark)
	log, err := e.r.Get(e.Value(), "log")
	if err != nil || !e.r.IsArray(log) {
		return nil
	}
	n := e.r.Len(log)
	var lines []string
	for i := max(0, n-maxReason); i < n; i++ {
		if v, err := e.r.GetIndex(log, i); err == nil {
			if s, ok := e.r.AsString(v); ok {
				lines = append(lines, "    "+s)
			}
		}
	}
	return lines
}

// errorObject makes an Error object of err.
func (r *Realm) errorObject(err error) jsValue {
	v := r.newError(err.Error())
	var d Detailed
	if errors.As(err, &d) {
		mark := len(r.arena)
		defer r.endScope(mark)
		for _, f := range d.ErrorFields() {
			r.define(v, f.Name, dup(r.FromGo(f.Value).v), propHidden)
		}
	}
	return v
}

func (r *Realm) newError(msg string) jsValue {
	v := lib.XJS_NewError(r.tls, r.ctx)
	r.define(v, "message", r.newString(msg), propHidden)
	return v
}

// ErrorValue returns a value that stands for err in scripts: the thrown value if err came from a script of this realm,
// otherwise an Error object.
func (r *Realm) ErrorValue(err error) Value {
	var e *Error
	if errors.As(err, &e) && e.r == r && e.value != nil {
		return e.value.Value()
	}
	return r.own(r.errorObject(err))
}

// ErrorOf makes an *Error of a value as if it had been thrown (a rejection's reason, say).
func (r *Realm) ErrorOf(v Value) *Error {
	e := &Error{r: r, value: r.Hold(v)}
	if !r.IsError(v) {
		if r.host != nil {
			e.Message = r.host.Dump(r, v)
		}
		return e
	}
	mark := len(r.arena)
	defer r.endScope(mark)
	if m, err := r.Get(v, "message"); err == nil {
		e.Message, _ = r.ToString(m)
	}
	if n, err := r.Get(v, "name"); err == nil {
		if name, _ := r.AsString(n); name == "InternalError" {
			switch e.Message {
			case "interrupted":
				e.Interrupted = true
				e.Message = fmt.Sprintf("interrupted: a script ran longer than %v without a pause (--script-timeout)", r.limits.Timeout)
			case "out of memory":
				e.OutOfMemory = true
				e.Message = fmt.Sprintf("out of memory: scripts use more than %d MiB (--script-memory)", r.limits.Memory>>20)
			}
		}
	}
	if s, err := r.Get(v, "stack"); err == nil {
		if text, ok := r.AsString(s); ok {
			e.Stack = r.parseStack(text)
		}
	}
	return e
}

// takeException fetches and clears the pending exception.
func (r *Realm) takeException() error {
	v := lib.XJS_GetException(r.tls, r.ctx)
	if err := r.hostError; err != nil {
		r.hostError = nil
		r.free(v)
		return err
	}
	e := r.ErrorOf(Value{v})
	r.free(v)
	return e
}

// maxFrames cuts the backtrace of a runaway recursion.
const maxFrames = 50

// parseStack reads the engine's backtrace and maps its positions to the author's files. Frames of the front end's own
// helpers are left out.
func (r *Realm) parseStack(text string) []Frame {
	var frames []Frame
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		line, ok := strings.CutPrefix(line, "at ")
		if !ok {
			continue
		}
		var f Frame
		pos := line
		if name, p, ok := strings.Cut(line, " ("); ok {
			f.Function, pos = name, strings.TrimSuffix(p, ")")
		}
		if pos == "native" {
			if strings.HasPrefix(f.Function, "__") {
				continue
			}
		} else {
			f.File, f.Line, f.Column = splitPosition(pos)
			if f.File == "" {
				continue
			}
			if f.Function == "<anonymous>" || f.Function == "<eval>" {
				f.Function = ""
			}
			f.Line, f.Column = r.mapPosition(f.File, f.Line, f.Column)
		}
		if frames = append(frames, f); len(frames) == maxFrames {
			break
		}
	}
	return frames
}

// splitPosition takes file:line:column apart; line and column may be missing.
func splitPosition(s string) (file string, line, column int) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, 0, 0
	}
	n, err := strconv.Atoi(s[i+1:])
	if err != nil {
		return s, 0, 0
	}
	s = s[:i]
	if j := strings.LastIndexByte(s, ':'); j >= 0 {
		if m, err := strconv.Atoi(s[j+1:]); err == nil {
			return s[:j], m, n
		}
	}
	return s, n, 0
}
