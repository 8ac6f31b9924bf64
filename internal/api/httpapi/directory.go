package httpapi

import (
	"os"
	"path"

	"weir/internal/pipeline"
	"weir/internal/script"
)

var directoryClass = &script.Class{
	Name: "Directory", Path: "http.Directory", Length: 2, Bound: true,
	Sig: "new http.Directory(path: string, options?: object)",
	New: newDirectory,
	Methods: []script.Method{
		{Name: "serve", Sig: "serve(request: Message): Message|null", Length: 1, Fn: serve},
	},
}

func directoryRows() []script.Row {
	row := func(name, kind, sig string) script.Row {
		return script.Row{Path: "option:http.Directory." + name, Kind: kind, Signature: sig}
	}
	return []script.Row{
		{Path: "http.Directory.defaultContentTypes", Kind: "property", Signature: "object (read-only)"},
		row("fs", "option", "boolean = false"),
		row("tarball", "option", "boolean = false"),
		row("index", "option", `string|string[] = ["index","index.html"]`),
		row("contentTypes", "option", "object | (req: Message, pathname: string)=>string|object|null"),
		row("defaultContentType", "option", `string = "application/octet-stream"`),
		row("compression", "callback", `(head, acceptEncoding: {gzip?,br?}, pathname: string, size: number) => "gzip"|null`),
		row("validators", "option", "boolean = true: ETag, Last-Modified and conditional requests [beyond]"),
		row("ranges", "option", "boolean = true: byte ranges [beyond]"),
		row("cacheControl", "option", "string | (pathname: string)=>string|null [beyond]"),
		row("redirect", "option", "boolean = false: 301 from /dir to /dir/ [beyond]"),
		row("methods", "option", "boolean = false: 405 for all but GET and HEAD [beyond]"),
		row("decode", "option", "boolean = false: decode %XX in paths [beyond]"),
		row("maxCachedFile", "option", "size = 256k: larger files are read while they are sent, with fs [beyond]"),
		row("cacheSize", "option", "size = 64m: bytes of files kept in memory, with fs [beyond]"),
	}
}

// directory serves the files below a path.
type directory struct {
	store     store
	renew     func() // looks whether the store has changed; may be nil
	index     []string
	types     pipeline.Param // an object or a function; undefined for the built-in table
	otherType string

	compression  *script.Ref
	cacheControl pipeline.Param
	replyOptions
	redirect, methods, decode bool

	cache     map[string]*staticFile
	cached    int64 // bytes in cache
	cacheSize int64 // their limit, 0 for none
}

func newDirectory(c *script.Call) (any, error) {
	root, err := c.Str(0)
	if err != nil {
		return nil, err
	}
	if v := c.Arg(1); !v.IsNullish() && !v.IsObject() {
		return nil, script.ArgError(1, "an object")
	}
	o := c.Options(c.Arg(1))
	fs, tarball := o.Bool("fs", false), o.Bool("tarball", false)
	d := &directory{
		index:        []string{"index", "index.html"},
		otherType:    o.Str("defaultContentType", defaultContentType),
		compression:  o.Func("compression"),
		replyOptions: replyOptions{validators: o.Bool("validators", true), ranges: o.Bool("ranges", true)},
		redirect:     o.Bool("redirect", false),
		methods:      o.Bool("methods", false),
		decode:       o.Bool("decode", false),
		cache:        map[string]*staticFile{},
	}
	limit, size := o.Size("maxCachedFile", 256<<10), o.Size("cacheSize", 64<<20)
	if v := o.Value("index"); !v.IsUndefined() {
		if d.index, err = indexNames(c.Realm, v); err != nil {
			o.Fail("index", "a string", "an array")
		}
	}
	types := o.Value("contentTypes")
	if !types.IsUndefined() && !types.IsObject() {
		o.Fail("contentTypes", "an object", "a function")
	}
	control := o.Value("cacheControl")
	if !control.IsUndefined() && !control.IsString() && !c.IsFunction(control) {
		o.Fail("cacheControl", "a string", "a function")
	}
	if err := o.Err(); err != nil {
		return nil, err
	}
	d.types, d.cacheControl = pipeline.NewParam(c.Realm, types), pipeline.NewParam(c.Realm, control)
	d.open(c.Realm, root, fs, tarball, limit)
	if fs && !tarball {
		d.cacheSize = size
	}
	return d, nil
}

// open makes the store.
func (d *directory) open(r *script.Realm, root string, fs, tarball bool, limit int64) {
	files := filesOf(pipeline.WorldOf(r)).files
	switch {
	case fs && tarball:
		s := &tarStore{path: root}
		d.store, d.renew = s, s.renew
	case fs:
		s := &localStore{path: root, limit: limit}
		d.store, d.renew = s, func() { s.renew() }
	case tarball:
		archive, err := files.Read(path.Clean("/" + root))
		s := &tarStore{}
		if err == nil {
			s.entries = untar(archive)
		}
		d.store = s
	default:
		d.store = &codebaseStore{files, path.Clean("/" + root)}
	}
}

func indexNames(r *script.Realm, v script.Value) ([]string, error) {
	if s, ok := r.AsString(v); ok {
		return []string{s}, nil
	}
	if !r.IsArray(v) {
		return nil, os.ErrInvalid
	}
	var names []string
	for i := range r.Len(v) {
		e, err := r.GetIndex(v, i)
		if err != nil {
			return nil, err
		}
		s, ok := r.AsString(e)
		if !ok {
			return nil, os.ErrInvalid
		}
		names = append(names, s)
	}
	return names, nil
}

// find returns the file for a path, or the index file below it; nil if there is none.
func (d *directory) find(name string) (f *staticFile, isIndex bool) {
	if d.renew != nil {
		d.renew()
	}
	if f := d.load(name); f != nil {
		return f, false
	}
	for _, index := range d.index {
		if f := d.load(path.Join(name, "/", index)); f != nil {
			return f, true
		}
	}
	return nil, false
}

// load returns a file as it is now, nil if it does not exist.
func (d *directory) load(name string) *staticFile {
	if name == "/" || name == "" {
		return nil
	}
	f := d.cache[name]
	if f == nil {
		f = &staticFile{name: name}
	}
	if !f.load(d.store) {
		d.cached -= f.held
		delete(d.cache, name)
		return nil
	}
	d.cache[name] = f
	d.account(f)
	return f
}

// account counts what a cached file holds, and lets some go if that is too much.
func (d *directory) account(f *staticFile) {
	if d.cache[f.name] != f {
		return
	}
	d.cached -= f.held
	f.held = f.size()
	d.cached += f.held
	if d.cacheSize == 0 {
		return
	}
	for name, other := range d.cache {
		if d.cached <= d.cacheSize {
			return
		}
		delete(d.cache, name)
		d.cached -= other.held
		other.held = 0
	}
}
