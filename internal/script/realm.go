package script

import (
	"errors"
	"time"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// Host is what a realm needs from those above it.
type Host interface {
	// ResolveModule turns an import specifier into a module path.
	ResolveModule(specifier, importer string) (string, error)
	// ReadModule returns the source of a module.
	ReadModule(path string) (string, error)
	// Dump renders any value for people, as console.log does.
	Dump(r *Realm, v Value) string
	// Unhandled reports the reason of a rejected promise that nobody handled.
	Unhandled(r *Realm, reason Value)
	// Report reports an error nobody else can be told of.
	Report(r *Realm, err *Error)
	// Log reports a defect of the program itself.
	Log(text string)
	// InboundValue returns the script object for a context's inbound connection.
	InboundValue(r *Realm, inbound any) Value
}

// Limits bound what scripts of a realm may use.
type Limits struct {
	Memory  int64         // bytes of the engine's heap; 0 = unlimited
	Timeout time.Duration // longest run of a single callback; 0 = unlimited
	Trace   bool          // remember which script made each object, for EachSite
}

// Realm is one world of scripts: an engine instance with its globals, modules and contexts. It belongs to one goroutine.
type Realm struct {
	tls     *libc.TLS
	rt, ctx uintptr
	index   uintptr
	host    Host
	limits  Limits
	heap    allocator

	global    jsValue
	empty     jsValue
	errorCtor jsValue

	objectProto, arrayProto jsValue
	arena                   []jsValue
	handles                 handles
	lost                    *lostRefs
	lostSpare               []jsValue
	held                    int
	slab                    *slab // the one HoldBriefly fills
	props                   []ownProp
	fastProps               bool // the layout of objects is what ownProps expects
	fastJSON                bool // so is that of arrays and strings, for PrintJSON
	shapes                  shapes
	named                   []namedShape // by Names
	parts                   Parts
	printed                 []byte // what PrintJSON works in
	keep                    string
	scratch                 uintptr // 16 bytes of engine memory for out-parameters

	funcs        []Func
	ctors        []constructor
	calls        []*Call
	classes      []*realmClass
	closureClass lib.TJSClassID
	argStack     uintptr
	argTop       int

	keyAtoms  []lib.TJSAtom
	atomNames []string // by atom; the atoms in it are held

	depth      int // nesting of entries into the engine
	clock      clock
	sites      sites // nil unless objects are traced
	started    time.Time
	closed     bool
	hostError  error
	turnEnders []TurnEnder
	owner      any

	root             *Context
	cur              *Context
	contexts         uint64
	resumed          []*Context // by the running promise job
	fiberNames       []string
	legacyInit       []*Ref
	legacySlots      map[string]int
	inboundSlot      int
	noFiber          jsValue
	noLegacy         jsValue
	atomCtx, atomLeg lib.TJSAtom

	nativeThen jsValue
	nameThen   uintptr
	unhandled  []rejection

	modules    map[string]*module
	solved     map[string]*module
	completion jsValue
}

var closureDef = &Class{Name: "Closure"}

// New returns a realm with the language's own globals. Everything else is installed by its owner.
func New(host Host, limits Limits) (*Realm, error) {
	realmLock.Lock()
	var index uintptr
	for i := uintptr(1); i < uintptr(len(realms)); i++ {
		if realms[i].Load() == nil {
			index = i
			break
		}
	}
	if index == 0 {
		realmLock.Unlock()
		return nil, errors.New("too many script realms in one process")
	}
	r := &Realm{
		tls: libc.NewTLS(), index: index, host: host, limits: limits, lost: new(lostRefs),
		legacySlots: map[string]int{}, modules: map[string]*module{}, solved: map[string]*module{},
		inboundSlot: -1, completion: Undefined.v, noFiber: Undefined.v, noLegacy: Undefined.v,
	}
	if limits.Trace {
		r.sites = sites{}
	}
	realms[index].Store(r)
	r.heap = allocator{tls: r.tls, large: map[uintptr]struct{}{}}
	mf := newMallocFunctions(r.tls)
	r.rt = lib.XJS_NewRuntime2(r.tls, mf, index)
	libc.Xfree(r.tls, mf)
	lib.XJS_SetRuntimeOpaque(r.tls, r.rt, index)
	r.ctx = lib.XJS_NewContext(r.tls, r.rt)
	lib.XJS_SetContextOpaque(r.tls, r.ctx, index)
	realmLock.Unlock()

	if limits.Memory > 0 {
		lib.XJS_SetMemoryLimit(r.tls, r.rt, lib.Tsize_t(limits.Memory))
	}
	lib.XJS_SetInterruptHandler(r.tls, r.rt, fp(interrupt), 0)
	lib.XJS_SetModuleLoaderFunc(r.tls, r.rt, fp(normalizeModule), fp(loadModule), 0)
	r.scratch = libc.Xcalloc(r.tls, 1, 64)
	r.argStack = libc.Xcalloc(r.tls, argStackSize, 16)
	r.global = lib.XJS_GetGlobalObject(r.tls, r.ctx)
	e := cstring(r.tls, "")
	r.empty = lib.XJS_NewStringLen(r.tls, r.ctx, e, 0)
	libc.Xfree(r.tls, e)
	r.class(closureDef)
	r.closureClass = closureDef.id
	r.nameThen = cstring(r.tls, "then")
	mark := len(r.arena)
	ctor, _ := r.Get(r.Global(), "Error")
	r.errorCtor = dup(ctor.v)
	r.endScope(mark)

	r.atomCtx, r.atomLeg = r.newAtom("__ctx"), r.newAtom("__leg")
	r.noFiber = r.newObjectOf(absentClass, absent{errors.New("referencing fiber variable without a fiber")})
	r.noLegacy = r.newObjectOf(absentClass, absent{errors.New("no context")})
	r.setGlobal(r.atomCtx, r.noFiber)
	r.setGlobal(r.atomLeg, r.noLegacy)
	r.define(r.global, "__complete", r.staticFunction("__complete", 1, func(c *Call) (Value, error) {
		r.free(r.completion)
		r.completion = dup(c.Arg(0).v)
		return c.Arg(0), nil
	}), propHidden)
	r.installPromises()
	r.shapes.root.sample, r.shapes.most, r.parts.r = Undefined.v, maxShapes, r
	r.fastProps = r.checkOwnProps()
	r.objectProto = lib.XJS_GetClassProto(r.tls, r.ctx, lib.EJS_CLASS_OBJECT)
	r.arrayProto = lib.XJS_GetClassProto(r.tls, r.ctx, lib.EJS_CLASS_ARRAY)
	r.fastJSON = r.checkJSON()
	r.contexts++
	r.root = &Context{r: r, id: r.contexts, fiber: Undefined.v, legacy: Undefined.v}
	return r, nil
}

// EndTurn ends the scope of a turn: everything borrowed in it is given back.
func (r *Realm) EndTurn() {
	if r.closed || r.depth > 0 {
		return
	}
	r.endScope(0)
	r.freeLost()
	if len(r.turnEnders) > 0 {
		r.endTurn()
	}
}

// Close frees the realm with everything in it. Refs that outlive it do no harm.
func (r *Realm) Close() {
	if r.closed {
		return
	}
	r.endScope(0)
	r.freeLost()
	r.lost.Lock()
	r.lost.closed = true
	r.lost.Unlock()
	r.closed = true
	for _, h := range r.handles.values { // what finalizers would have done
		if c, ok := h.(Closer); ok {
			c.RealmClosed()
		}
	}
	r.handles = handles{}
	r.heap.close()
	libc.Xfree(r.tls, r.scratch)
	libc.Xfree(r.tls, r.argStack)
	libc.Xfree(r.tls, r.nameThen)
	libc.Xfree(r.tls, r.parts.copied)
	r.tls.Close()
	realms[r.index].Store(nil)
}

// Closer is implemented by Go values behind script objects that hold something outside: it is called when their realm
// is closed. It must not touch scripts.
type Closer interface{ RealmClosed() }

// enterScript and leaveScript bracket every entry into the engine.
func (r *Realm) enterScript() {
	if r.depth == 0 {
		r.started = time.Time{}
		r.clock.enter()
	}
	r.depth++
}

func (r *Realm) leaveScript() {
	r.depth--
	if r.depth == 0 {
		r.clock.leave(r.started)
	}
}

// Depth returns how deep calls from Go into scripts are nested; 0 outside of any script.
func (r *Realm) Depth() int { return r.depth }

// interrupt is polled by the engine during long runs. The clock starts at the first poll: reading it at every entry would
// cost more than most callbacks.
func interrupt(tls *libc.TLS, rt uintptr, opaque uintptr) int32 {
	r := realmOfRuntime(rt)
	if r.started.IsZero() {
		r.started = time.Now()
		return 0
	}
	if r.limits.Timeout > 0 && time.Since(r.started) > r.limits.Timeout {
		return 1
	}
	return 0
}

// CollectGarbage runs the engine's cycle collector.
func (r *Realm) CollectGarbage() { lib.XJS_RunGC(r.tls, r.rt) }

// Live returns how many Go values scripts hold and how many script values Go holds: for leak tests and dumps.
func (r *Realm) Live() (goValues, refs int) { return r.handles.live(), r.held }

// Timeout returns how long a callback may run, 0 without a limit. What a Go function does for it is part of that.
func (r *Realm) Timeout() time.Duration { return r.limits.Timeout }

// Closed reports whether the realm has been closed.
func (r *Realm) Closed() bool { return r.closed }
