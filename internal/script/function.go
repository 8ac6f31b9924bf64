package script

import (
	"errors"
	"fmt"
	"runtime/debug"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// Func is a Go function scripts can call. It runs on the realm's goroutine, in a scope of its own. The Call and its
// arguments are borrowed until it returns. An error becomes a script exception: an *Error that came from a script is
// thrown again as it was, any other error becomes an Error object with its text as message.
type Func func(c *Call) (Value, error)

// Call is one call of a Go function from a script.
type Call struct {
	*Realm
	This Value
	Args []Value
	New  bool // called with new
}

// Arg returns the i-th argument, from 0, or undefined.
func (c *Call) Arg(i int) Value {
	if i < len(c.Args) {
		return c.Args[i]
	}
	return Undefined
}

// NewFunction returns a script function for f. The function keeps f, and whatever f refers to, until the script drops it.
func (r *Realm) NewFunction(name string, length int, f Func) Value {
	o := lib.XJS_NewObjectClass(r.tls, r.ctx, int32(r.closureClass))
	lib.XJS_SetOpaque(r.tls, o, r.handles.add(f))
	r.classes[r.closureClass].live++
	data := r.pushArgs(o)
	v := lib.XJS_NewCFunctionData(r.tls, r.ctx, fp(callClosure), int32(length), 0, 1, data)
	r.popArgs(1)
	r.free(o)
	if name != "" {
		r.define(v, "name", r.newString(name), propConfigurable)
	}
	return r.own(v)
}

func callClosure(tls *libc.TLS, ctx uintptr, this jsValue, argc int32, argv uintptr, magic int32, data uintptr) jsValue {
	r := realmOf(ctx)
	f := r.handles.get(lib.XJS_GetOpaque(tls, *at[jsValue](data), r.closureClass)).(Func)
	return r.invoke(f, this, argc, argv, false)
}

// staticFunction makes a function for one of the realm's fixed Go functions: cheaper to call than a closure.
func (r *Realm) staticFunction(name string, length int, f Func) jsValue {
	r.funcs = append(r.funcs, f)
	p := cstring(r.tls, name)
	defer libc.Xfree(r.tls, p)
	i := len(r.funcs) - 1
	if i > 0x7fff {
		panic("script: too many static functions")
	}
	return lib.XJS_NewCFunction2(r.tls, r.ctx, fp(callStatic), p, int32(length), lib.EJS_CFUNC_generic_magic, int32(i))
}

func callStatic(tls *libc.TLS, ctx uintptr, this jsValue, argc int32, argv uintptr, magic int32) jsValue {
	r := realmOf(ctx)
	return r.invoke(r.funcs[magic], this, argc, argv, false)
}

// invoke runs f for the engine: it is where Go errors and panics become exceptions.
func (r *Realm) invoke(f Func, this jsValue, argc int32, argv uintptr, isNew bool) (ret jsValue) {
	mark := len(r.arena)
	c := r.getCall()
	c.This, c.New = Value{this}, isNew
	c.Args = unsafe.Slice(at[Value](argv), argc)
	if argc == 0 {
		c.Args = nil
	}
	defer func() {
		if p := recover(); p != nil {
			if e, ok := p.(thisError); ok {
				ret = r.throw(e)
			} else {
				ret = r.throw(fmt.Errorf("internal error: %v", p))
				r.host.Log(fmt.Sprintf("internal error: %v\n%s", p, debug.Stack()))
			}
		}
		r.putCall(c)
		if len(r.arena) > mark {
			r.endScope(mark)
		}
	}()
	v, err := f(c)
	if err != nil {
		return r.throw(err)
	}
	return dup(v.v)
}

func (r *Realm) getCall() *Call {
	if n := len(r.calls); n > 0 {
		c := r.calls[n-1]
		r.calls = r.calls[:n-1]
		return c
	}
	return &Call{Realm: r}
}

func (r *Realm) putCall(c *Call) {
	c.Args = nil
	r.calls = append(r.calls, c)
}

// The argument stack: engine memory for argv blocks, used from bottom to top by nested calls.
const argStackSize = 1 << 14

func (r *Realm) pushArgs(vs ...jsValue) uintptr {
	p := r.argStack + uintptr(r.argTop)*unsafe.Sizeof(jsValue{})
	if r.argTop+len(vs) > argStackSize {
		panic("script: argument stack exhausted")
	}
	for i, v := range vs {
		*at[jsValue](p + uintptr(i)*unsafe.Sizeof(v)) = v
	}
	r.argTop += len(vs)
	return p
}

func (r *Realm) pushValues(vs []Value) uintptr {
	p := r.argStack + uintptr(r.argTop)*unsafe.Sizeof(jsValue{})
	if r.argTop+len(vs) > argStackSize {
		panic("script: argument stack exhausted")
	}
	for i, v := range vs {
		*at[Value](p + uintptr(i)*unsafe.Sizeof(v)) = v
	}
	r.argTop += len(vs)
	return p
}

func (r *Realm) popArgs(n int) { r.argTop -= n }

// Call calls a function with undefined as this, in the current context. The result is borrowed from the current scope.
// A failure is an *Error.
func (r *Realm) Call(f Value, args ...Value) (Value, error) {
	return r.CallMethod(f, Undefined, args...)
}

// CallMethod is Call with a this value.
func (r *Realm) CallMethod(f, this Value, args ...Value) (Value, error) {
	if r.closed {
		return Undefined, errClosed
	}
	r.enterScript()
	argv := r.pushValues(args)
	frame := at[lib.TJSRuntime](r.rt).Fcurrent_stack_frame
	v := r.call(f.v, this.v, len(args), argv, frame)
	r.popArgs(len(args))
	r.leaveScript()
	if v.Ftag == tagException {
		return Undefined, r.takeException()
	}
	return r.own(v), nil
}

// call guards the engine against a Go panic that got past invoke (a defect of the engine or of this package): the
// interpreter's frame chain is put back, so that the realm stays usable.
func (r *Realm) call(f, this jsValue, argc int, argv, frame uintptr) (v jsValue) {
	defer func() {
		if p := recover(); p != nil {
			at[lib.TJSRuntime](r.rt).Fcurrent_stack_frame = frame
			v = r.throw(fmt.Errorf("internal error: %v\n%s", p, debug.Stack()))
		}
	}()
	return lib.XJS_Call(r.tls, r.ctx, f, this, int32(argc), argv)
}

var errClosed = errors.New("this version of the program has ended")

// Construct calls f with new.
func (r *Realm) Construct(f Value, args ...Value) (Value, error) {
	if r.closed {
		return Undefined, errClosed
	}
	r.enterScript()
	argv := r.pushValues(args)
	v := lib.XJS_CallConstructor(r.tls, r.ctx, f.v, int32(len(args)), argv)
	r.popArgs(len(args))
	r.leaveScript()
	if v.Ftag == tagException {
		return Undefined, r.takeException()
	}
	return r.own(v), nil
}
