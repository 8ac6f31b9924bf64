package script

import (
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// Resolver settles a promise made by NewPromise.
type Resolver struct{ resolve, reject *Ref }

// NewPromise returns a pending promise and its resolver.
func (r *Realm) NewPromise() (Value, *Resolver) {
	out := libc.Xmalloc(r.tls, 32)
	defer libc.Xfree(r.tls, out)
	p := lib.XJS_NewPromiseCapability(r.tls, r.ctx, out)
	v := r.own(p)
	if v.v.Ftag == tagException {
		r.takeException()
		return Undefined, &Resolver{}
	}
	return v, &Resolver{r.holdOwned(*at[jsValue](out)), r.holdOwned(*at[jsValue](out + 16))}
}

// Resolve fulfils the promise with v (or follows v, if it is a promise). Later calls have no effect. Handlers run at the
// end of the turn.
func (s *Resolver) Resolve(v Value) { s.settle(s.resolve, v) }

// Reject rejects the promise with v.
func (s *Resolver) Reject(v Value) { s.settle(s.reject, v) }

func (s *Resolver) settle(f *Ref, v Value) {
	if f == nil || !f.Value().IsObject() || f.r.closed {
		return
	}
	f.r.Call(f.Value(), v)
	s.resolve.Free()
	s.reject.Free()
}

// IsPromise reports whether v is a promise.
func (r *Realm) IsPromise(v Value) bool {
	return v.IsObject() && lib.XJS_PromiseState(r.tls, r.ctx, v.v) >= 0
}

// PromiseState tells about a promise: settled, and then whether it was fulfilled, and with what.
func (r *Realm) PromiseState(v Value) (settled, ok bool, result Value) {
	switch lib.XJS_PromiseState(r.tls, r.ctx, v.v) {
	case lib.EJS_PROMISE_FULFILLED:
		return true, true, r.own(lib.XJS_PromiseResult(r.tls, r.ctx, v.v))
	case lib.EJS_PROMISE_REJECTED:
		return true, false, r.own(lib.XJS_PromiseResult(r.tls, r.ctx, v.v))
	}
	return false, false, Undefined
}

// Then calls f with the result of a promise, in the promise step of a turn, never at once.
func (r *Realm) Then(promise Value, f func(ok bool, v Value)) {
	on := func(ok bool) Value {
		return r.NewFunction("", 1, func(c *Call) (Value, error) {
			f(ok, c.Arg(0))
			return Undefined, nil
		})
	}
	v := r.invokeThen(promise.v, on(true).v, on(false).v)
	if v.Ftag == tagException {
		r.takeException()
		return
	}
	r.free(v)
}

// invokeThen calls the engine's own then.
func (r *Realm) invokeThen(p, f, g jsValue) jsValue {
	argv := r.pushArgs(f, g)
	v := lib.XJS_Call(r.tls, r.ctx, r.nativeThen, p, 2, argv)
	r.popArgs(2)
	return v
}

// installPromises replaces Promise.prototype.then: handlers run in the context then was called in, and a handler that is
// not a function is the value to go on with.
func (r *Realm) installPromises() {
	mark := len(r.arena)
	defer r.endScope(mark)
	ctor, _ := r.Get(r.Global(), "Promise")
	proto, _ := r.Get(ctor, "prototype")
	then, _ := r.Get(proto, "then")
	r.nativeThen = dup(then.v)
	r.define(proto.v, "then", lib.XJS_NewCFunction2(r.tls, r.ctx, fp(promiseThen), r.nameThen, 2, lib.EJS_CFUNC_generic, 0), propHidden)
	lib.XJS_SetHostPromiseRejectionTracker(r.tls, r.rt, fp(trackRejection), 0)
	// The front end calls these around await.
	r.define(r.global, "__save", r.staticFunction("__save", 0, func(c *Call) (Value, error) {
		return r.own(r.token()), nil
	}), propHidden)
	r.define(r.global, "__r", r.staticFunction("__r", 2, func(c *Call) (Value, error) {
		r.resume(c.Arg(0).v)
		return c.Arg(1), nil
	}), propHidden)
}

func promiseThen(tls *libc.TLS, ctx uintptr, this jsValue, argc int32, argv uintptr) jsValue {
	r := realmOf(ctx)
	token := r.token()
	f := r.reaction(*at[jsValue](argv), token)
	g := r.reaction(*at[jsValue](argv + 16), token)
	v := r.invokeThen(this, f, g)
	r.free(f)
	r.free(g)
	r.free(token)
	return v
}

// reaction wraps one argument of then; the result is owned.
func (r *Realm) reaction(f, token jsValue) jsValue {
	if f.Ftag == tagUndefined {
		return f
	}
	if lib.XJS_IsFunction(r.tls, r.ctx, f) == 0 {
		data := r.pushArgs(f)
		defer r.popArgs(1)
		return lib.XJS_NewCFunctionData(r.tls, r.ctx, fp(constant), 1, 0, 1, data)
	}
	if token.Ftag == tagUndefined {
		return dup(f)
	}
	data := r.pushArgs(f, token)
	defer r.popArgs(2)
	return lib.XJS_NewCFunctionData(r.tls, r.ctx, fp(react), 1, 0, 2, data)
}

func constant(tls *libc.TLS, ctx uintptr, this jsValue, argc int32, argv uintptr, magic int32, data uintptr) jsValue {
	return dup(*at[jsValue](data))
}

func react(tls *libc.TLS, ctx uintptr, this jsValue, argc int32, argv uintptr, magic int32, data uintptr) jsValue {
	r := realmOf(ctx)
	r.resume(*at[jsValue](data + 16))
	return lib.XJS_Call(tls, ctx, *at[jsValue](data), Undefined.v, argc, argv)
}

// rejection is a promise that was rejected while nobody handled it.
type rejection struct{ promise, reason jsValue }

func trackRejection(tls *libc.TLS, ctx uintptr, promise, reason jsValue, handled int32, opaque uintptr) {
	r := realmOf(ctx)
	for i, u := range r.unhandled {
		if payload(u.promise) == payload(promise) {
			if handled != 0 {
				r.free(u.promise)
				r.free(u.reason)
				r.unhandled = append(r.unhandled[:i], r.unhandled[i+1:]...)
			}
			return
		}
	}
	if handled == 0 {
		r.unhandled = append(r.unhandled, rejection{dup(promise), dup(reason)})
	}
}

// maxJobs bounds the promise jobs of one turn; what is left waits for the next.
const maxJobs = 10000

// HasJobs reports whether promise jobs are pending.
func (r *Realm) HasJobs() bool {
	if r.closed {
		return false
	}
	list := uintptr(unsafe.Pointer(&at[lib.TJSRuntime](r.rt).Fjob_list))
	return at[lib.TJSRuntime](r.rt).Fjob_list.Fnext != list
}

// RunJobs runs pending promise jobs, then reports rejections nobody handled. It returns true if jobs are left over.
func (r *Realm) RunJobs() (more bool) {
	if len(r.unhandled) == 0 && !r.HasJobs() {
		return false
	}
	n := 0
	for ; n < maxJobs; n++ {
		mark := len(r.arena)
		r.switchTo(nil)
		r.enterScript()
		k := lib.XJS_ExecutePendingJob(r.tls, r.rt, r.scratch)
		r.leaveScript()
		if k < 0 {
			r.host.Report(r, r.takeException().(*Error))
		}
		r.endJob()
		r.endScope(mark)
		if k == 0 {
			break
		}
	}
	for _, u := range r.unhandled {
		r.host.Unhandled(r, Value{u.reason})
		r.free(u.promise)
		r.free(u.reason)
	}
	r.unhandled = r.unhandled[:0]
	return n == maxJobs
}
