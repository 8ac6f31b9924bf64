package embedded

import (
	"slices"
	"testing"
	"testing/fstest"
)

func TestList(t *testing.T) {
	t.Parallel()
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	tree := fstest.MapFS{
		"README.md": file("x"), "acme/notes.txt": file("x"),
		"acme/cli/main.js": file("m"), "acme/cli/lib/main.js": file("l"),
		"acme/agent/main.js": file("m"), "acme/agent/proxy.js": file("p"),
		"acme/plain/hello.js": file("h"),
	}
	list, err := List(tree)
	if err != nil || len(list) != 3 {
		t.Fatalf("%v, %v", list, err)
	}
	for i, want := range []struct{ path, main string }{{"/acme/agent", "/proxy.js"}, {"/acme/cli", "/main.js"}, {"/acme/plain", "/hello.js"}} {
		if list[i].Path != want.path || list[i].Main != want.main {
			t.Errorf("%s with %s, want %v", list[i].Path, list[i].Main, want)
		}
	}
	c, ok := Find(tree, "repo://acme/cli")
	if !ok || string(c.Files["/lib/main.js"]) != "l" || len(c.Files) != 2 {
		t.Errorf("%v, %v", c, ok)
	}
	for _, none := range []string{"repo://", "repo://acme", "repo://acme/none", "repo://acme/cli/lib"} {
		if c, ok := Find(tree, none); ok {
			t.Errorf("%s is %v", none, c)
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		defaults   string
		args, want []string
	}{
		{"", []string{"a", "--pipy", "b"}, []string{"a", "--pipy", "b"}},
		{"repo://acme/cli --args", []string{"a", "b"}, []string{"repo://acme/cli", "--args", "a", "b"}},
		{"repo://acme/cli --args", []string{"a", "--pipy", "repo://acme/agent", "x"}, []string{"repo://acme/agent", "x"}},
		{`-e "1 + 1"`, nil, []string{"-e", "1 + 1"}},
		{"repo://acme/cli", []string{"--pipy"}, nil},
	} {
		if got := Arguments(c.defaults, c.args); !slices.Equal(got, c.want) {
			t.Errorf("%q with %q: %q, want %q", c.defaults, c.args, got, c.want)
		}
	}
}
