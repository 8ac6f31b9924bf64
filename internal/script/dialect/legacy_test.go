package dialect

import (
	"slices"
	"testing"
)

func TestLegacyNamespaces(t *testing.T) {
	t.Parallel()
	var asked []string
	_, err := Transform(`
		pipy({ _own: 0, plain: 1 })
			.export('router', { __service: null, 'out': 1 })
			.import({ __user: 'auth', id: "session" })
			.pipeline()
			.handleMessage(() => (_own++, plain, __service, out, __user, id, _undeclared, local))
		var local = 1`, Options{File: "/main.js", LegacySlots: func(ns, name string) (int, bool) {
		asked = append(asked, ns+":"+name)
		return len(asked), true
	}})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(asked)
	want := []string{":_own", ":_undeclared", ":plain", "auth:__user", "router:__service", "router:out", "session:id"}
	if !slices.Equal(asked, want) {
		t.Errorf("got %q, want %q", asked, want)
	}
}
