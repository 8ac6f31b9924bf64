package codebase

import (
	"strings"
	"testing"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":               "/",
		"/":              "/",
		"a.js":           "/a.js",
		"/a.js":          "/a.js",
		"./a.js":         "/a.js",
		"/a/./b/":        "/a/b",
		"/a/../b":        "/b",
		"../../etc/x":    "/etc/x",
		"/a/b/../../..":  "/",
		"/a//b":          "/a//b",
		"/a/b//":         "/a/b",
		"..":             "/",
		"/a/...":         "/a/...",
		"/.hidden/..x/y": "/.hidden/..x/y",
	} {
		if got := Normalize(in); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ specifier, importer, want string }{
		{"/lib/a.js", "/x/main.js", "/lib/a.js"},
		{"./a.js", "/x/main.js", "/x/a.js"},
		{"../a.js", "/x/y/main.js", "/x/a.js"},
		{"../../../a.js", "/x/main.js", "/a.js"},
		{"./a.js", "", "/a.js"},
		{"./sub/a.ts", "/main.js", "/sub/a.ts"},
		{"a.js", "/main.js", ""},
		{"", "/main.js", ""},
		{"node:fs", "/main.js", ""},
	} {
		got, err := Resolve(c.specifier, c.importer)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("Resolve(%q, %q) = %q, %v, want %q", c.specifier, c.importer, got, err, c.want)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"", "/", "a/../..", "//a//", "/./.", "\x00/..\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got := Normalize(in)
		if got[0] != '/' || Normalize(got) != got {
			t.Fatalf("Normalize(%q) = %q, which becomes %q", in, got, Normalize(got))
		}
		for _, segment := range strings.Split(got, "/") {
			if segment == "." || segment == ".." {
				t.Fatalf("Normalize(%q) = %q", in, got)
			}
		}
	})
}
