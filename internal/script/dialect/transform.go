package dialect

import (
	"fmt"
	"path"
)

// Transform translates a file. An error is a *SyntaxError.
func Transform(src string, o Options) (*Output, error) {
	var out *Output
	var err *SyntaxError
	switch path.Ext(o.File) {
	case ".ts", ".mts":
		out, err = viaESBuild(src, o, true)
	default:
		var parsed bool
		out, parsed, err = translate(src, o)
		if err != nil && !parsed {
			// the parser may be behind the engine
			if newer, failed := viaESBuild(src, o, false); failed == nil {
				return newer, nil
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// translate works without esbuild. It tells whether the parser took the file.
func translate(src string, o Options) (out *Output, parsed bool, err *SyntaxError) {
	defer func() {
		// a script must not end the process, whatever the parser makes of it
		if r := recover(); r != nil {
			out, parsed, err = nil, true, &SyntaxError{o.File, 1, 1, fmt.Sprint("internal error: ", r)}
		}
	}()
	f, err := readSource(o.File, src)
	if err != nil {
		return nil, false, err
	}
	if o.Kind == Solve && f.tokens[0].kind == tokEOF {
		return solveNothing(f), true, nil
	}
	p, err := prepare(f, o.Kind)
	if err != nil {
		return nil, true, err
	}
	w := &walker{prepared: p, src: f, options: o, renamed: map[int]string{}, listStart: -1}
	body, err := w.parse()
	if err != nil {
		return nil, false, err
	}
	if o.Kind == Solve {
		w.solve(body)
	} else {
		w.file(body)
	}
	if w.err != nil {
		return nil, true, w.err
	}
	out = w.output()
	out.SingleExpression = w.single(body)
	return out, true, nil
}
