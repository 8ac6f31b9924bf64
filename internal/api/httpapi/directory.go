package httpapi

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

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

// directory serves the files below a path. What was read once is kept.
type directory struct {
	read        func(name string) ([]byte, bool) // name begins with a slash
	index       []string
	types       *script.Ref // an object or a function; nil for the built-in table
	typesCall   bool
	otherType   string
	compression *script.Ref
	cache       map[string]*staticFile
}

// staticFile is a file in the forms it exists in.
type staticFile struct {
	name            string
	plain, gzip, br []byte
	made            []byte // compressed here
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
		index:       []string{"index", "index.html"},
		otherType:   o.Str("defaultContentType", defaultContentType),
		compression: o.Func("compression"),
		cache:       map[string]*staticFile{},
	}
	if v := o.Value("index"); !v.IsUndefined() {
		if d.index, err = indexNames(c.Realm, v); err != nil {
			o.Fail("index", "a string", "an array")
		}
	}
	if v := o.Value("contentTypes"); !v.IsUndefined() {
		if !v.IsObject() {
			o.Fail("contentTypes", "an object", "a function")
		}
		d.types, d.typesCall = c.Hold(v), c.IsFunction(v)
	}
	if err := o.Err(); err != nil {
		return nil, err
	}
	files := filesOf(pipeline.WorldOf(c.Realm))
	load := func(name string) ([]byte, bool) {
		b, err := files.files.Read(name)
		return b, err == nil
	}
	if fs {
		load = readRegular
	} else {
		root = path.Clean("/" + root)
	}
	if tarball {
		archive, _ := load(root)
		entries := untar(archive)
		d.read = func(name string) ([]byte, bool) { b, ok := entries[name]; return b, ok }
		return d, nil
	}
	d.read = func(name string) ([]byte, bool) {
		if !fs {
			return load(path.Join(root, name))
		}
		local, err := filepath.Localize(strings.TrimPrefix(name, "/"))
		if err != nil {
			return nil, false
		}
		return load(filepath.Join(root, local))
	}
	return d, nil
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

// readRegular reads an ordinary file of the file system.
func readRegular(name string) ([]byte, bool) {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		return nil, false
	}
	b, err := os.ReadFile(name)
	return b, err == nil
}

// untar returns the ordinary files of an archive by their names, with a leading slash. A broken archive has those before
// the damage.
func untar(archive []byte) map[string][]byte {
	entries := map[string][]byte{}
	for t := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := t.Next()
		if err != nil {
			return entries
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if b, err := io.ReadAll(t); err == nil {
			entries[path.Clean("/"+h.Name)] = b
		}
	}
}

// find returns the file for a path, or the index file below it; nil if there is none.
func (d *directory) find(name string) *staticFile {
	if f := d.open(name); f != nil {
		return f
	}
	for _, index := range d.index {
		if f := d.open(path.Join(name, "/", index)); f != nil {
			return f
		}
	}
	return nil
}

func (d *directory) open(name string) *staticFile {
	if f := d.cache[name]; f != nil {
		return f
	}
	if name == "/" || name == "" {
		return nil
	}
	f := &staticFile{name: name}
	var plain, gz, br bool
	f.plain, plain = d.read(name)
	f.gzip, gz = d.read(name + ".gz")
	f.br, br = d.read(name + ".br")
	if !plain && !gz && !br {
		return nil
	}
	if gz && f.gzip == nil {
		f.gzip = []byte{}
	}
	if br && f.br == nil {
		f.br = []byte{}
	}
	if plain && f.plain == nil {
		f.plain = []byte{}
	}
	d.cache[name] = f
	return f
}
