package script

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"

	"weir/internal/script/dialect"
)

// module is a file the realm has loaded.
type module struct {
	file   string
	source string
	out    *dialect.Output
	ptr    uintptr // the engine's module, owned by the context; 0 while there is none
	done   bool    // evaluated to the end
	err    error   // what loading or evaluating it failed with
}

// Result is what evaluating a file gave.
type Result struct {
	Value Value // completion value
	// Single: the file is exactly one expression.
	Single bool
	// Promise is set if the file has not come to its end: it awaits something at the top level.
	Promise Value
}

// Run evaluates a file, with all it imports, in the root context, and returns its completion value.
func (r *Realm) Run(file, source string) (*Result, error) {
	m, err := r.compile(file, source)
	if err != nil {
		return nil, err
	}
	return r.evaluate(m)
}

// RunFile evaluates a file of the codebase like Run, once per realm: the result of later calls has no value.
func (r *Realm) RunFile(file string) (*Result, error) {
	if m := r.modules[file]; m != nil {
		if m.err != nil {
			return nil, m.err
		}
		return &Result{Value: Undefined}, nil
	}
	source, err := r.host.ReadModule(file)
	if err != nil {
		return nil, err
	}
	return r.Run(file, source)
}

// Import evaluates a file of the codebase, unless that has been done, and returns its namespace object.
func (r *Realm) Import(file string) (Value, error) {
	if _, err := r.RunFile(file); err != nil {
		return Undefined, err
	}
	m := r.modules[file]
	v := lib.XJS_GetModuleNamespace(r.tls, r.ctx, m.ptr)
	if v.Ftag == tagException {
		return Undefined, r.takeException()
	}
	return r.own(v), nil
}

// CompletionOf returns what was the value of a legacy file's last expression, as held by the caller of Run.
func (r *Realm) evaluate(m *module) (res *Result, err error) {
	defer func() { m.err = err }()
	saved := r.completion
	r.completion = Undefined.v
	prev := r.cur
	r.switchTo(r.root)
	r.enterScript()
	v := lib.XJS_EvalFunction(r.tls, r.ctx, dup(jsValue{Fu: lib.TJSValueUnion{Fuint641: uint64(m.ptr)}, Ftag: tagModule}))
	r.leaveScript()
	r.switchTo(prev)
	res = &Result{Value: r.own(r.completion), Single: m.out.SingleExpression}
	r.completion = saved
	if v.Ftag == tagException {
		return nil, r.takeException()
	}
	p := r.own(v)
	switch lib.XJS_PromiseState(r.tls, r.ctx, v) {
	case lib.EJS_PROMISE_REJECTED:
		reason := r.own(lib.XJS_PromiseResult(r.tls, r.ctx, v))
		r.forgetRejections(reason.v)
		return nil, r.ErrorOf(reason)
	case lib.EJS_PROMISE_PENDING:
		res.Promise = p
		return res, nil
	}
	res.Promise = Undefined
	m.done = true
	return res, nil
}

// forgetRejections takes promises rejected for a reason off the list of unhandled ones: the failure is reported another
// way. A file that fails rejects several promises of the engine's own.
func (r *Realm) forgetRejections(reason jsValue) {
	kept := r.unhandled[:0]
	for _, u := range r.unhandled {
		if u.reason == reason {
			r.free(u.promise)
			r.free(u.reason)
		} else {
			kept = append(kept, u)
		}
	}
	r.unhandled = kept
}

const tagModule = -3

// compile turns a source into an engine module, loading all it imports.
func (r *Realm) compile(file, source string) (*module, error) {
	m := &module{file: file, source: source}
	r.modules[file] = m
	if err := r.transform(m, dialect.Module); err != nil {
		m.err = err
		return nil, err
	}
	v := r.eval(m.out.Code, file, lib.MJS_EVAL_TYPE_MODULE|lib.MJS_EVAL_FLAG_COMPILE_ONLY)
	if v.Ftag == tagException {
		m.err = r.takeException()
		return nil, m.err
	}
	m.ptr = payload(v)
	r.free(v)
	return m, nil
}

func (r *Realm) transform(m *module, kind dialect.Kind) error {
	out, err := dialect.Transform(m.source, dialect.Options{
		File: m.file,
		Kind: kind,
		FiberSlots: func(name string) int {
			r.fiberNames = append(r.fiberNames, name)
			return len(r.fiberNames) - 1
		},
		LegacySlots: func(ns, name string) (int, bool) { return r.legacySlot(m.file, ns, name), true },
	})
	var se *dialect.SyntaxError
	if errors.As(err, &se) {
		return &SyntaxError{File: se.File, Line: se.Line, Column: se.Column, Message: se.Message}
	}
	m.out = out
	return err
}

func (r *Realm) eval(code, file string, flags int32) jsValue {
	src, name := cstring(r.tls, code), cstring(r.tls, file)
	defer libc.Xfree(r.tls, src)
	defer libc.Xfree(r.tls, name)
	r.enterScript()
	defer r.leaveScript()
	return lib.XJS_Eval(r.tls, r.ctx, src, lib.Tsize_t(len(code)), name, flags)
}

// normalizeModule and loadModule are called by the engine for the imports of a file.
func normalizeModule(tls *libc.TLS, ctx uintptr, base, name uintptr, opaque uintptr) uintptr {
	r := realmOf(ctx)
	importer, spec := gostring(base), gostring(name)
	path, err := r.host.ResolveModule(spec, importer)
	if err != nil {
		r.throw(&ImportError{Specifier: spec, Importer: importer, Err: err})
		return 0
	}
	p := cstring(tls, path)
	defer libc.Xfree(tls, p)
	return lib.Xjs_strdup(tls, ctx, p)
}

func loadModule(tls *libc.TLS, ctx uintptr, name uintptr, opaque uintptr) uintptr {
	r := realmOf(ctx)
	file := gostring(name)
	if m := r.modules[file]; m != nil && m.ptr != 0 {
		return m.ptr
	}
	source, err := r.host.ReadModule(file)
	if err != nil {
		r.throwHost(&ImportError{Specifier: file, Err: err})
		return 0
	}
	m, err := r.compile(file, source)
	if err != nil {
		r.throwHost(err)
		return 0
	}
	return m.ptr
}

// ImportError is an import of a file that cannot be loaded.
type ImportError struct {
	Specifier, Importer string
	Err                 error
}

// Error implements error.
func (e *ImportError) Error() string { return fmt.Sprintf("cannot load module: %s", e.Specifier) }

// Unwrap implements errors.
func (e *ImportError) Unwrap() error { return e.Err }

// throwHost throws a Go error so that takeException of the outer call gives it back unchanged: a syntax error in an
// imported file keeps its position.
func (r *Realm) throwHost(err error) {
	r.throw(err)
	r.hostError = err
}

// Solve evaluates a file as one expression.
func (r *Realm) Solve(file, source string) (Value, error) {
	m := &module{file: file, source: source}
	r.solved[file] = m
	if err := r.transform(m, dialect.Solve); err != nil {
		return Undefined, err
	}
	prev := r.completion
	r.completion = Undefined.v
	v := r.eval(m.out.Code, file, lib.MJS_EVAL_TYPE_GLOBAL|lib.MJS_EVAL_FLAG_STRICT)
	r.free(r.completion)
	r.completion = prev
	if v.Ftag == tagException {
		return Undefined, r.takeException()
	}
	return r.own(v), nil
}

// Check parses a file and all it imports without running anything and returns every error.
func (r *Realm) Check(file, source string) []error {
	seen := map[string]bool{}
	var errs []error
	var visit func(file, source string)
	visit = func(file, source string) {
		seen[file] = true
		m := &module{file: file, source: source}
		r.modules[file] = m
		if err := r.transform(m, dialect.Module); err != nil {
			errs = append(errs, err)
			return
		}
		for _, imp := range m.out.Imports {
			path, err := r.host.ResolveModule(imp.Specifier, file)
			var src string
			if err == nil {
				if seen[path] {
					continue
				}
				src, err = r.host.ReadModule(path)
			}
			if err != nil {
				errs = append(errs, &SyntaxError{File: file, Line: imp.Line, Column: imp.Column,
					Message: "cannot load module: " + imp.Specifier})
				continue
			}
			visit(path, src)
		}
	}
	visit(file, source)
	return errs
}

// mapPosition maps a position the engine reports to the author's file.
func (r *Realm) mapPosition(file string, line, col int) (int, int) {
	m := r.modules[file]
	if m == nil {
		m = r.solved[file]
	}
	if m == nil || m.out == nil || m.out.Map == nil {
		return line, col
	}
	return m.out.Map.Lookup(line, col)
}

// Describe renders an error the way logs show it: source excerpt, message, backtrace; one string per line.
func (r *Realm) Describe(err error) []string {
	var se *SyntaxError
	if errors.As(err, &se) {
		return append(r.excerpt(se.File, se.Line, se.Column), "Syntax error: "+se.Error())
	}
	var e *Error
	if !errors.As(err, &e) {
		return []string{err.Error()}
	}
	var lines []string
	for _, f := range e.Stack {
		if f.File != "" {
			lines = r.excerpt(f.File, f.Line, f.Column)
			break
		}
	}
	lines = append(append(lines, "Error: "+e.Message), e.reason()...)
	if len(e.Stack) > 0 {
		lines = append(lines, "Backtrace:")
		for _, f := range e.Stack {
			name := f.Function
			if f.File == "" {
				lines = append(lines, "    In "+name)
				continue
			}
			lines = append(lines, "    In "+name+" at line "+strconv.Itoa(f.Line)+" column "+strconv.Itoa(f.Column)+" in "+f.File)
		}
	}
	return lines
}

// excerpt shows the source line an error is in.
func (r *Realm) excerpt(file string, line, col int) []string {
	m := r.modules[file]
	if m == nil {
		m = r.solved[file]
	}
	if m == nil {
		return nil
	}
	lines := dialect.Excerpt(m.source, line, col)
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(l, "[pjs] ")
	}
	if strings.HasPrefix(file, "/") {
		lines = append([]string{"File " + file + ":"}, lines...)
	}
	return lines
}

// Caller returns the innermost position in a script of the running call.
func (r *Realm) Caller() Frame {
	mark := len(r.arena)
	defer r.endScope(mark)
	// The engine attaches a backtrace when an error is constructed by its own constructor.
	e, err := r.Construct(Value{r.errorCtor})
	if err != nil {
		return Frame{}
	}
	s, err := r.Get(e, "stack")
	if err != nil {
		return Frame{}
	}
	text, _ := r.AsString(s)
	for _, f := range r.parseStack(text) {
		if f.File != "" {
			return f
		}
	}
	return Frame{}
}

// legacySlot returns the slot of a legacy context variable of a file. ns is the namespace it is exported to or imported
// from; variables of a namespace are one slot for all files.
func (r *Realm) legacySlot(file, ns, name string) int {
	key := file + "\x00" + name
	switch {
	case ns != "":
		key = "\x00" + ns + "\x00" + name
	case name == "__inbound":
		key = name
	}
	if i, ok := r.legacySlots[key]; ok {
		return i
	}
	i := len(r.legacyInit)
	r.legacySlots[key] = i
	init := Undefined
	if name == "__filename" {
		init = r.String(file)
	}
	if name == "__inbound" {
		init, r.inboundSlot = Null, i
	}
	r.legacyInit = append(r.legacyInit, r.Hold(init))
	return i
}

// DeclareLegacy sets the initial value of a legacy context variable: one of the file's own, or, with a namespace, an
// exported one.
func (r *Realm) DeclareLegacy(file, ns, name string, v Value) {
	i := r.legacySlot(file, ns, name)
	r.legacyInit[i].Free()
	r.legacyInit[i] = r.Hold(v)
}
