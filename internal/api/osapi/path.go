package osapi

import (
	"os"
	"path/filepath"
	"strings"

	"weir/internal/script"
)

// pathNamespace is os.path: functions on text, with / as the separator everywhere.
var pathNamespace = &script.Namespace{
	Name: "path",
	Methods: []script.Method{
		pathMethod("basename", "(path: string, suffix?: string) => string", func(c *script.Call, path string) (script.Value, error) {
			suffix := ""
			if c.Has(1) {
				var err error
				if suffix, err = c.Str(1); err != nil {
					return script.Undefined, err
				}
			}
			return c.String(basename(path, suffix)), nil
		}),
		pathMethod("dirname", "(path: string) => string", func(c *script.Call, path string) (script.Value, error) {
			return c.String(path[:max(strings.LastIndexByte(path, '/'), 0)]), nil
		}),
		{Name: "join", Sig: "(...parts) => string", Fn: func(c *script.Call) (script.Value, error) {
			parts, err := texts(c)
			return c.String(join(parts)), err
		}},
		{Name: "resolve", Sig: "(...parts) => string", Fn: func(c *script.Call) (script.Value, error) {
			parts, err := texts(c)
			return c.String(resolve(parts)), err
		}},
		pathMethod("normalize", "(path: string) => string", func(c *script.Call, path string) (script.Value, error) {
			return c.String(normalize(path)), nil
		}),
	},
}

// texts converts all arguments to strings and leaves out empty ones.
func texts(c *script.Call) ([]string, error) {
	var parts []string
	for _, a := range c.Args {
		s, err := c.ToString(a)
		if err != nil {
			return nil, err
		}
		if s != "" {
			parts = append(parts, s)
		}
	}
	return parts, nil
}

func basename(path, suffix string) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if name == suffix {
		return name // a name like .git is not a suffix
	}
	return strings.TrimSuffix(name, suffix)
}

// join puts exactly one slash between parts.
func join(parts []string) string {
	if len(parts) == 0 {
		return "."
	}
	s := parts[0]
	for _, p := range parts[1:] {
		s = strings.TrimRight(s, "/") + "/" + strings.TrimLeft(p, "/")
	}
	return s
}

// resolve joins from the last part on that begins at the root, or from the working directory.
func resolve(parts []string) string {
	start := 0
	for i, p := range parts {
		if p[0] == '/' {
			start = i
		}
	}
	parts = parts[start:]
	if len(parts) == 0 || parts[0][0] != '/' {
		wd, err := os.Getwd()
		if err != nil {
			wd = "/"
		}
		parts = append([]string{filepath.ToSlash(wd)}, parts...)
	}
	return normalize(join(parts))
}

// normalize resolves . and .. as from the root. Empty names between slashes stay.
func normalize(path string) string {
	path = strings.TrimRight(path, "/")
	var names []string
	for name := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		switch name {
		case ".":
		case "..":
			names = names[:max(len(names)-1, 0)]
		default:
			names = append(names, name)
		}
	}
	return "/" + strings.Join(names, "/")
}
