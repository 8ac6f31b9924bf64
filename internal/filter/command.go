package filter

import (
	"strings"

	"weir/internal/script"
)

// splitCommand takes a command line apart: blanks separate, a backslash takes the next character as it is, double quotes
// keep blanks, and a closing quote ends the argument.
func splitCommand(line string) []string {
	var args []string
	var arg strings.Builder
	inArg, quoted := false, false
	end := func() {
		if inArg {
			args = append(args, arg.String())
			arg.Reset()
			inArg = false
		}
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && i+1 < len(line):
			i++
			arg.WriteByte(line[i])
			inArg = true
		case c == '"' && quoted:
			quoted = false
			end()
		case c == '"':
			quoted, inArg = true, true
		case !quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			end()
		default:
			arg.WriteByte(c)
			inArg = true
		}
	}
	end()
	return args
}

// commandOf reads a command: a line to be split, or an array of arguments.
func commandOf(r *script.Realm, v script.Value) (args []string, ok bool) {
	if s, ok := r.AsString(v); ok {
		return splitCommand(s), true
	}
	if !r.IsArray(v) {
		return nil, false
	}
	for i := range r.Len(v) {
		e, err := r.GetIndex(v, i)
		if err != nil {
			return nil, false
		}
		s, err := r.ToString(e)
		if err != nil {
			return nil, false
		}
		args = append(args, s)
	}
	return args, true
}
