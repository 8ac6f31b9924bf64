// Package console offers console.log and its kin, print and println, and renders any script value for people.
package console

import (
	"os"
	"strings"

	"weir/internal/logs"
	"weir/internal/script"
)

// Sink receives what scripts print. The owner of a realm implements it; without one, lines go to the log of the process
// and print to the standard output.
type Sink interface {
	// Log receives the text of one console call, without a line end.
	Log(level logs.Level, text string)
	// Stdout receives the text of one print call, as it is, to be written before it returns.
	Stdout(text string)
}

type process struct{}

func (process) Log(level logs.Level, text string) { logs.Print(level, text) }

func (process) Stdout(text string) { _, _ = os.Stdout.WriteString(text) } // there is nobody to tell

// SinkOf returns where output of the realm's scripts goes.
func SinkOf(r *script.Realm) Sink {
	if s, ok := r.Owner().(Sink); ok {
		return s
	}
	return process{}
}

// Namespace is the object console.
var Namespace = &script.Namespace{
	Name: "console",
	Sig:  "namespace object",
	Methods: []script.Method{
		method("log", logs.Info),
		method("info", logs.Info),
		method("debug", logs.Debug),
		method("warn", logs.Warn),
		method("error", logs.Error),
	},
}

// Print declares the globals print and println.
var Print = &script.Namespace{
	Values: []script.Const{printer("print", ""), printer("println", "\n")},
}

func method(name string, level logs.Level) script.Method {
	return script.Method{Name: name, Sig: "(...values) => void", Fn: func(c *script.Call) (script.Value, error) {
		SinkOf(c.Realm).Log(level, Text(c.Realm, c.Args))
		return script.Undefined, nil
	}}
}

func printer(name, end string) script.Const {
	return script.Const{Name: name, Kind: "global", Sig: "(...values) => void", Value: func(r *script.Realm) script.Value {
		return r.NewFunction(name, 0, func(c *script.Call) (script.Value, error) {
			SinkOf(c.Realm).Stdout(Text(c.Realm, c.Args) + end)
			return script.Undefined, nil
		})
	}}
}

// Text renders values as console.log does: joined by blanks, strings as they are, anything else dumped.
func Text(r *script.Realm, values []script.Value) string {
	if len(values) == 1 {
		return text(r, values[0])
	}
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(text(r, v))
	}
	return b.String()
}

func text(r *script.Realm, v script.Value) string {
	if s, ok := r.AsString(v); ok {
		return s
	}
	return Dump(r, v)
}
