// Package command takes command lines given by scripts apart. No shell is involved.
package command

import (
	"fmt"
	"strings"

	"weir/internal/script"
)

// Split cuts a command line at blanks. A backslash takes the next character as it is; a double quote begins a quoted part,
// and the closing quote ends the argument.
func Split(s string) []string {
	var args []string
	var cur []byte
	open, quoted := false, false
	end := func() {
		if open {
			args = append(args, string(cur))
		}
		cur, open, quoted = nil, false, false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			cur, open = append(cur, s[i]), true
		case c == '"' && quoted:
			end()
		case c == '"':
			open, quoted = true, true
		case (c == ' ' || c == '\t') && !quoted:
			end()
		default:
			cur, open = append(cur, c), true
		}
	}
	end()
	return args
}

// CutNULs ends each argument at its first NUL, as the system would: texts from the kernel often end with one.
func CutNULs(args []string) []string {
	for i, s := range args {
		args[i], _, _ = strings.Cut(s, "\x00")
	}
	return args
}

// Env returns the environment an options object gives, nil if the program inherits its own: that is so for no object and
// for an empty one.
func Env(r *script.Realm, v script.Value) ([]string, error) {
	if v.IsNullish() {
		return nil, nil
	}
	if !v.IsObject() {
		return nil, fmt.Errorf("options.env expects an object")
	}
	var env []string
	err := r.Each(v, func(name string, v script.Value) error {
		s, err := r.ToString(v)
		env = append(env, name+"="+s)
		return err
	})
	return env, err
}
