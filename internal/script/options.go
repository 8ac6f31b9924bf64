package script

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Options reads an options object as spec/05 §0.3 says: unknown keys are ignored, undefined and null mean the default, a
// wrong type is an error naming the option. The first error sticks; check Err at the end.
type Options struct {
	r      *Realm
	obj    Value
	prefix string
	err    error
}

// Options returns a reader for an options object; nullish means no options.
func (r *Realm) Options(v Value) *Options { return &Options{r: r, obj: v, prefix: "options."} }

// Sub returns a reader for the options object under a name.
func (o *Options) Sub(name string) *Options {
	v := o.Value(name)
	s := &Options{r: o.r, obj: v, prefix: o.prefix + name + "."}
	if !v.IsNullish() && !v.IsObject() {
		o.Fail(name, "an object")
	}
	return s
}

// Realm returns the realm of the options' values.
func (o *Options) Realm() *Realm { return o.r }

// Err returns the first error.
func (o *Options) Err() error { return o.err }

// Fail records that an option has the wrong type; kinds are joined with "or".
func (o *Options) Fail(name string, kinds ...string) {
	if o.err == nil {
		o.err = fmt.Errorf("%s%s expects %s", o.prefix, name, strings.Join(kinds, " or "))
	}
}

// Value returns an option as it is; undefined if it is not given.
func (o *Options) Value(name string) Value {
	if !o.obj.IsObject() {
		return Undefined
	}
	v, err := o.r.Get(o.obj, name)
	if err != nil && o.err == nil {
		o.err = err
	}
	if v.IsNull() {
		return Undefined
	}
	return v
}

// Bool reads a boolean, or the strings "true" and "false".
func (o *Options) Bool(name string, def bool) bool {
	v := o.Value(name)
	switch {
	case v.IsUndefined():
		return def
	case v.IsBool():
		return o.r.Truthy(v)
	}
	switch s, _ := o.r.AsString(v); s {
	case "true":
		return true
	case "false":
		return false
	}
	o.Fail(name, "a boolean")
	return def
}

// number reads a number or a string of a number with a suffix letter.
func (o *Options) number(name string, def float64, unit func(byte) float64, kinds ...string) float64 {
	v := o.Value(name)
	if v.IsUndefined() {
		return def
	}
	if f, ok := o.r.NumberOf(v); ok && f == f {
		return f
	}
	if s, ok := o.r.AsString(v); ok {
		if f, ok := ParseQuantity(s, unit); ok {
			return f
		}
	}
	o.Fail(name, kinds...)
	return def
}

// Number reads a number; strings may have a suffix k, m, g, t for powers of 1000.
func (o *Options) Number(name string, def float64) float64 {
	return o.number(name, def, Decimal, "a number")
}

// Int reads a finite number like Number and truncates it.
func (o *Options) Int(name string, def int) int {
	f := o.number(name, float64(def), Decimal, "a finite number")
	if math.IsInf(f, 0) {
		o.Fail(name, "a finite number")
		return def
	}
	return Truncate(f)
}

// Size reads a number of bytes that is not negative; strings may have a suffix k, m, g, t for powers of 1024.
func (o *Options) Size(name string, def int64) int64 {
	f := o.number(name, float64(def), Binary, "a positive number")
	if f < 0 {
		o.Fail(name, "a positive number")
		return def
	}
	if f >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(f)
}

// Duration reads seconds; strings may have a suffix s, m, h, d. Negative means 0.
func (o *Options) Duration(name string, def time.Duration) time.Duration {
	f := o.number(name, def.Seconds(), Seconds, "a number")
	return ToDuration(f)
}

// ToDuration converts seconds; the result is between 0 and the longest duration.
func ToDuration(seconds float64) time.Duration {
	switch {
	case seconds <= 0 || seconds != seconds:
		return 0
	case seconds >= math.MaxInt64/float64(time.Second):
		return math.MaxInt64
	}
	return time.Duration(seconds * float64(time.Second))
}

// Str reads a string.
func (o *Options) Str(name, def string) string {
	v := o.Value(name)
	if v.IsUndefined() {
		return def
	}
	if s, ok := o.r.AsString(v); ok {
		return s
	}
	o.Fail(name, "a string")
	return def
}

// Enum reads one of the given strings.
func (o *Options) Enum(name, def string, allowed ...string) string {
	v := o.Value(name)
	if v.IsUndefined() {
		return def
	}
	if s, ok := o.r.AsString(v); ok {
		for _, a := range allowed {
			if s == a {
				return s
			}
		}
	}
	if o.err == nil {
		o.err = fmt.Errorf("%s%s expects one of %s", o.prefix, name, strings.Join(allowed, ", "))
	}
	return def
}

// Func reads a function; nil if it is not given.
func (o *Options) Func(name string) *Ref {
	v := o.Value(name)
	if v.IsUndefined() {
		return nil
	}
	if !o.r.IsFunction(v) {
		o.Fail(name, "a function")
		return nil
	}
	return o.r.Hold(v)
}

// Decimal, Binary and Seconds give the factor of a suffix letter, 0 for an unknown one.
func Decimal(c byte) float64 { return scale(c, 1000) }

// Binary is for sizes.
func Binary(c byte) float64 { return scale(c, 1024) }

// Seconds is for durations.
func Seconds(c byte) float64 {
	switch c | 0x20 {
	case 's':
		return 1
	case 'm':
		return 60
	case 'h':
		return 3600
	case 'd':
		return 86400
	}
	return 0
}

func scale(c byte, k float64) float64 {
	switch c | 0x20 {
	case 'k':
		return k
	case 'm':
		return k * k
	case 'g':
		return k * k * k
	case 't':
		return k * k * k * k
	}
	return 0
}

// ParseQuantity parses a number with an optional suffix; only the first character after the number counts.
func ParseQuantity(s string, unit func(byte) float64) (float64, bool) {
	n := 0
	for n < len(s) && (s[n] >= '0' && s[n] <= '9' || s[n] == '.' || n == 0 && (s[n] == '-' || s[n] == '+')) {
		n++
	}
	f, err := strconv.ParseFloat(s[:n], 64)
	if err != nil {
		return 0, false
	}
	if n == len(s) {
		return f, true
	}
	k := unit(s[n])
	return f * k, k != 0
}
