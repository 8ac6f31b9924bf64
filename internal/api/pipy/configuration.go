package pipy

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"

	"weir/internal/inbound"
	"weir/internal/pipeline"
	"weir/internal/script"
)

// Configuration is what pipy(...) returns: the pipelines of a legacy module, declared but not yet in effect.
type Configuration struct {
	env      *Env
	file     string
	names    *pipeline.Names
	cur      *pipeline.Builder
	roots    []*root
	entrance *pipeline.Builder
	vars     []variable
	imports  []variable
}

// variable is a context variable: declared with its first value, or imported from a namespace.
type variable struct {
	ns, name string
	value    *script.Ref
}

// root is a pipeline that something starts: a port, a task, a watch, the end of the program.
type root struct {
	name    rootName
	builder *pipeline.Builder
	bind    func(l *pipeline.Layout) error // puts it into effect
}

var configurationClass func() *script.Class

func init() {
	chained := func(f func(*Configuration, *script.Call) error) script.Func {
		return func(c *script.Call) (script.Value, error) {
			return c.This, f(script.This[*Configuration](c), c)
		}
	}
	current := func(c *script.Call) (*pipeline.Builder, error) {
		conf := script.This[*Configuration](c)
		if conf.cur == nil {
			return nil, errors.New("no pipeline found")
		}
		return conf.cur, nil
	}
	onCurrent := func(f func(*pipeline.Builder, *script.Call) error) script.Func {
		return func(c *script.Call) (script.Value, error) {
			b, err := current(c)
			if err != nil {
				return script.Undefined, err
			}
			return c.This, f(b, c)
		}
	}
	configurationClass = sync.OnceValue(func() *script.Class { // filters have registered by the first call
		return &script.Class{
			Name:    "Configuration",
			Missing: pipeline.UnknownFilter,
			Methods: append(configurationMethods(chained, onCurrent), pipeline.Methods(pipeline.Legacy, current)...),
		}
	})
}

func configurationMethods(chained func(func(*Configuration, *script.Call) error) script.Func,
	onCurrent func(func(*pipeline.Builder, *script.Call) error) script.Func) []script.Method {
	return []script.Method{
		{Name: "export", Sig: "export(namespace: string, variables: object): Configuration", Length: 2, Fn: chained((*Configuration).export)},
		{Name: "import", Sig: "import(variables: object): Configuration", Length: 1, Fn: chained((*Configuration).imported)},
		{Name: "listen", Sig: "listen(port: number|string|ListenerArray, options?: object): Configuration", Length: 2, Fn: chained((*Configuration).listen)},
		{Name: "task", Sig: "task(when?: string, startingEvents?: any): Configuration", Length: 2, Fn: chained((*Configuration).task)},
		{Name: "watch", Sig: "watch(filename: string): Configuration", Length: 1, Fn: chained((*Configuration).watch)},
		{Name: "exit", Sig: "exit(startingEvents?: any): Configuration", Length: 1, Fn: chained((*Configuration).exit)},
		{Name: "admin", Sig: "admin(path: string): Configuration", Length: 1, Fn: chained((*Configuration).admin)},
		{Name: "pipeline", Sig: "pipeline(name?: string): Configuration", Length: 1, Fn: chained((*Configuration).pipeline)},
		{Name: "onStart", Length: 1, Fn: onCurrent((*pipeline.Builder).OnStart)},
		{Name: "onEnd", Length: 1, Fn: onCurrent((*pipeline.Builder).OnEnd)},
		{Name: "to", Length: 1, Fn: onCurrent((*pipeline.Builder).To)},
	}
}

// configure is the call pipy(proto).
func configure(c *script.Call) (script.Value, error) {
	proto := c.Arg(0)
	if c.IsFunction(proto) {
		v, err := c.Call(proto)
		if err != nil {
			return script.Undefined, err
		}
		if !v.IsObject() {
			return script.Undefined, errors.New("function did not return an object")
		}
		proto = v
	}
	if !proto.IsNullish() && !proto.IsObject() {
		return script.Undefined, script.ArgError(0, "an object or a function")
	}
	file := c.Caller().File
	conf := &Configuration{env: envOf(c.Realm), file: file, names: pipeline.NewNames(file)}
	err := c.Each(proto, func(name string, v script.Value) error {
		conf.vars = append(conf.vars, variable{name: name, value: c.Hold(v)})
		return nil
	})
	return c.NewObjectOf(configurationClass(), conf), err
}

func (conf *Configuration) export(c *script.Call) error {
	ns, err := c.Str(0)
	if err != nil {
		return err
	}
	if ns == "" {
		return errors.New("namespace cannot be empty")
	}
	vars := c.Arg(1)
	if vars.IsNull() {
		return errors.New("variable list cannot be null")
	}
	if !vars.IsObject() {
		return script.ArgError(1, "an object")
	}
	return c.Each(vars, func(name string, v script.Value) error {
		if name == "" {
			return errors.New("variable name cannot be empty")
		}
		conf.vars = append(conf.vars, variable{ns: ns, name: name, value: c.Hold(v)})
		return nil
	})
}

func (conf *Configuration) imported(c *script.Call) error {
	vars, err := c.Object(0)
	if err != nil {
		return err
	}
	return c.Each(vars, func(name string, v script.Value) error {
		ns, ok := c.AsString(v)
		if !ok {
			return fmt.Errorf("namespace expected for import: %s", name)
		}
		if ns == "" {
			return errors.New("namespace cannot be empty")
		}
		conf.imports = append(conf.imports, variable{ns: ns, name: name})
		return nil
	})
}

// begin opens a pipeline that the following filters belong to.
func (conf *Configuration) begin(name string) (*pipeline.Builder, error) {
	if err := conf.finish(); err != nil {
		return nil, err
	}
	conf.cur = pipeline.NewBuilder(conf.env.World, pipeline.Legacy, conf.names, name)
	return conf.cur, nil
}

func (conf *Configuration) finish() error {
	if conf.cur == nil {
		return nil
	}
	return conf.cur.Finish()
}

func (conf *Configuration) root(name string, shown rootName, bind func(l *pipeline.Layout) error) (*pipeline.Builder, error) {
	b, err := conf.begin(name)
	if err == nil {
		conf.roots = append(conf.roots, &root{shown, b, bind})
	}
	return b, err
}

func (conf *Configuration) listen(c *script.Call) error {
	if err := c.Need(1); err != nil {
		return err
	}
	opts, err := inbound.ReadOptions(pipeline.WorldOf(c.Realm), c.Options(c.Arg(1)))
	if err != nil {
		return err
	}
	v := c.Arg(0)
	if la, ok := script.As[*listenerArray](c.Realm, v); ok {
		if la.layout != nil || la.taken {
			return errors.New("ListenerArray is being listened already")
		}
		la.taken = true
		shown := rootName{conf.numbered("ListenerArray#"), "Listen on -1 at ?"}
		_, err := conf.root("listen", shown, func(l *pipeline.Layout) error { return la.open(conf.env, l) })
		return err
	}
	var key inbound.Key
	if s, ok := c.AsString(v); ok {
		if key, err = addrPort(s); err != nil {
			return err
		}
	} else if f, ok := c.NumberOf(v); ok {
		if f < 1 || f > 65535 {
			return fmt.Errorf("invalid 'ip:port' form: 0.0.0.0:%d", script.Truncate(f))
		}
		key = inbound.Key{Protocol: "tcp", Addr: netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(f))}
	} else {
		return script.ArgError(0, "a number, string or ListenerArray")
	}
	if key.Protocol != "unix" {
		key.Protocol = opts.Protocol
	}
	shown := rootName{"unix:" + key.Path, "Listen on " + key.Path}
	if key.Protocol != "unix" {
		shown.status = fmt.Sprintf("[%s]:%d", key.Addr.Addr(), key.Addr.Port())
		shown.title = fmt.Sprintf("Listen on %d at %s", key.Addr.Port(), key.Addr.Addr())
	}
	_, err = conf.root("listen "+key.String(), shown, func(l *pipeline.Layout) error { return conf.env.Ports.Listen(key, l, opts) })
	return err
}

// addrPort reads "ip:port" as the legacy style has it; a bare port is taken too.
func addrPort(s string) (inbound.Key, error) {
	k, err := parsePort(s)
	if err != nil {
		if err.Error() == "invalid IP address" {
			return k, fmt.Errorf("invalid IP address: %s", s[:strings.LastIndexByte(s, ':')])
		}
		return k, fmt.Errorf("invalid 'ip:port' form: %s", s)
	}
	return k, nil
}

func (conf *Configuration) exit(c *script.Call) error {
	b, err := conf.root("exit", rootName{"Exit", "Exit"}, func(l *pipeline.Layout) error {
		conf.env.exitLayouts = append(conf.env.exitLayouts, l)
		return nil
	})
	if err != nil || !c.Has(0) {
		return err
	}
	return b.SetStart(c, 0)
}

func (conf *Configuration) admin(c *script.Call) error {
	path, err := c.Str(0)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(path, "/admin/") {
		return errors.New("path must start with /admin/")
	}
	_, err = conf.root("admin "+path, rootName{"Admin " + path, "Admin " + path}, func(l *pipeline.Layout) error {
		conf.env.Admin = append(conf.env.Admin, AdminPath{path, l})
		return nil
	})
	return err
}

func (conf *Configuration) pipeline(c *script.Call) error {
	if !c.Has(0) {
		if conf.entrance != nil {
			return errors.New("more than one entrance pipelines")
		}
		b, err := conf.begin("")
		conf.entrance = b
		return err
	}
	name, err := c.Str(0)
	if err != nil {
		return err
	}
	if name == "" {
		return errors.New("pipeline name cannot be empty")
	}
	b, err := conf.begin(name)
	if err == nil {
		conf.names.Layouts[name] = b.Layout()
	}
	return err
}

// AdminPath is a pipeline that serves requests to a path of the admin service.
type AdminPath struct {
	Path   string
	Layout *pipeline.Layout
}
