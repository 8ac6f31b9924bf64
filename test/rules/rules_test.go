package rules

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

func TestTheProjectKeepsItsRules(t *testing.T) {
	t.Parallel()
	broken, err := Check("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range broken {
		t.Error(b)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name, folder, source string
		want                 string // part of the only complaint, "" for none
	}{
		{"downward", "internal/pipeline", `import "weir/internal/stream"`, ""},
		{"upward", "internal/stream", `import "weir/internal/pipeline"`, "higher layer"},
		{"upward from a subfolder", "internal/proto/http1", `import _ "weir/internal/api/os"`, "higher layer"},
		{"sideways", "internal/api/pipy", `import "weir/internal/api/os"`, ""},
		{"a helper", "internal/stream", `import "weir/internal/logs"`, ""},
		{"a helper that is none", "internal/logs", `import "weir/internal/stream"`, "is no layer"},
		{"from the top", "cmd/weir", `import "weir/internal/worker"`, ""},
		{"to the tests", "internal/worker", `import "weir/test/harness"`, "only internal packages"},
		{"the command", "internal/worker", `import "weir/cmd/weir"`, "higher layer"},
		{"a name that only begins alike", "internal/streams", `import "weir/internal/logs"`, ""},
		{"engine at home", "internal/script", `import "modernc.org/libquickjs"`, ""},
		{"engine below home", "internal/script/dialect", `import "github.com/grafana/sobek/parser"`, ""},
		{"engine elsewhere", "internal/filter", `import lib "modernc.org/libquickjs"`, "only internal/script may"},
		{"dial", "internal/filter", `import "net"; var _, _ = net.Dial("tcp", "")`, "net.Dial"},
		{"dial under another name", "internal/filter", `import n "net"; func f() { n.Listen("tcp", "") }`, "n.Listen"},
		{"dialer", "cmd/weir", `import "net"; var d net.Dialer`, "net.Dialer"},
		{"dial in the reactor", "internal/reactor", `import "net"; var d net.Dialer`, ""},
		{"addresses", "internal/filter", `import "net"; var ip net.IP`, ""},
		{"socket", "internal/api/os", `import "golang.org/x/sys/unix"; func f() { unix.Socket(0, 0, 0) }`, "unix.Socket"},
		{"other system calls", "internal/api/os", `import "syscall"; var s = syscall.SIGINT`, ""},
		{"dot import", "internal/filter", `import . "net"`, "with a dot"},
		{"a variable named as a package", "internal/filter", `import _ "net"; func f(net struct{ Dial int }) int { return net.Dial }`, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package p; "+x.source, 0)
			if err != nil {
				t.Fatal(err)
			}
			got := check(x.folder, file)
			switch {
			case x.want == "" && len(got) > 0:
				t.Errorf("complains: %q", got)
			case x.want != "" && (len(got) != 1 || !strings.Contains(got[0], x.want)):
				t.Errorf("want one complaint with %q, got %q", x.want, got)
			}
		})
	}
}

func TestCheckNeedsSources(t *testing.T) {
	t.Parallel()
	if _, err := Check(t.TempDir()); err == nil {
		t.Error("no error for a folder without sources")
	}
}
