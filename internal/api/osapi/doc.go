// Package osapi offers the global os: files, directories, the environment and processes of the machine. Everything is done
// at once, on the worker's goroutine; relative paths are relative to the working directory of the process.
package osapi

import (
	"os"
	"os/user"
	"runtime"
	"strings"

	"weir/internal/script"
)

// Namespace is the object os.
var Namespace = &script.Namespace{
	Name: "os",
	Sig:  "namespace object",
	Values: []script.Const{
		{Name: "platform", Kind: "property", Sig: "string", Value: platform},
		{Name: "env", Kind: "property", Sig: "object", Value: environment},
	},
	Methods: []script.Method{
		{Name: "home", Sig: "() => string", Fn: home},
		pathMethod("chdir", "(path: string) => void", chdir),
		pathMethod("abspath", "(path: string) => string", abspath),
		pathMethod("stat", "(path: string) => Stats | null", stat),
		pathMethod("list", "(path: string) => string[]", list),
		pathMethod("readDir", "(path: string) => string[]", list),
		pathMethod("read", "(path: string) => Data", read),
		pathMethod("readFile", "(path: string) => Data | null", readFile),
		pathMethod("write", "(path: string, content: string | Data) => void", write),
		pathMethod("writeFile", "(path: string, content: string | Data) => void", writeFile),
		pathMethod("rename", "(old: string, new: string) => void", rename),
		pathMethod("unlink", "(path: string) => boolean", unlink),
		pathMethod("mkdir", "(path: string, options?) => void", mkdir),
		pathMethod("rm", "(path: string, options?) => boolean", rm),
		pathMethod("rmdir", "(path: string, options?) => boolean", rmdir),
		{Name: "kill", Sig: "(pid: number, signal: number = 0) => void", Length: 2, Fn: kill},
	},
	Classes:    []*script.Class{statsClass},
	Namespaces: []*script.Namespace{pathNamespace},
	Extra: []script.Row{
		{Path: "os.path", Kind: "property", Signature: "namespace"},
		{Path: "option:os.mkdir.recursive", Kind: "option", Signature: "boolean = false"},
		{Path: "option:os.rm.recursive", Kind: "option", Signature: "boolean = false"},
		{Path: "option:os.rm.force", Kind: "option", Signature: "boolean = false"},
		{Path: "option:os.rmdir.recursive", Kind: "option", Signature: "boolean = false"},
		{Path: "option:os.rmdir.force", Kind: "option", Signature: "boolean = false"},
	},
}

// pathMethod makes a function whose first argument is a path.
func pathMethod(name, sig string, f func(c *script.Call, path string) (script.Value, error)) script.Method {
	return script.Method{Name: name, Sig: sig, Length: 1, Fn: func(c *script.Call) (script.Value, error) {
		if err := c.Need(1); err != nil {
			return script.Undefined, err
		}
		path, err := c.Str(0)
		if err != nil {
			return script.Undefined, err
		}
		return f(c, path)
	}}
}

func platform(r *script.Realm) script.Value {
	switch runtime.GOOS {
	case "linux", "darwin", "windows", "freebsd":
		return r.String(runtime.GOOS)
	}
	return r.String("")
}

// environment is a copy: changes stay within the realm.
func environment(r *script.Realm) script.Value {
	var env script.Object
	for _, e := range os.Environ() {
		if name, value, ok := strings.Cut(e, "="); ok && name != "" {
			env = append(env, script.Pair{Name: name, Value: value})
		}
	}
	return r.FromGo(env)
}

func home(c *script.Call) (script.Value, error) {
	u, err := user.Current()
	if err != nil {
		return c.String(""), nil
	}
	return c.String(u.HomeDir), nil
}

func kill(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	pid, err := c.Int(0)
	if err != nil {
		return script.Undefined, err
	}
	signal := 0
	if c.Has(1) {
		if signal, err = c.Int(1); err != nil {
			return script.Undefined, err
		}
	}
	sendSignal(pid, signal)
	return script.Undefined, nil
}
