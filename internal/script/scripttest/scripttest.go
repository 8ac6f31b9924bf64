// Package scripttest makes realms for the tests of packages that offer things to scripts.
package scripttest

import (
	"errors"
	"path"
	"strings"
	"testing"

	"weir/internal/script"
)

// Host is a script.Host over files in memory. It records what is reported.
type Host struct {
	Files    map[string]string
	Problems []string
}

// ResolveModule implements script.Host.
func (h *Host) ResolveModule(spec, importer string) (string, error) {
	if strings.HasPrefix(spec, ".") {
		return path.Join(path.Dir(importer), spec), nil
	}
	return spec, nil
}

// ReadModule implements script.Host.
func (h *Host) ReadModule(p string) (string, error) {
	if s, ok := h.Files[p]; ok {
		return s, nil
	}
	return "", errors.New("no such file")
}

// Dump implements script.Host.
func (h *Host) Dump(r *script.Realm, v script.Value) string {
	if r.IsError(v) {
		v, _ = r.Get(v, "message")
	}
	s, _ := r.ToString(v)
	return s
}

// Unhandled implements script.Host.
func (h *Host) Unhandled(r *script.Realm, v script.Value) {
	h.Problems = append(h.Problems, "unhandled: "+h.Dump(r, v))
}

// Report implements script.Host.
func (h *Host) Report(r *script.Realm, err *script.Error) {
	h.Problems = append(h.Problems, err.Message)
}

// Log implements script.Host.
func (h *Host) Log(text string) { h.Problems = append(h.Problems, text) }

// InboundValue implements script.Host.
func (h *Host) InboundValue(*script.Realm, any) script.Value { return script.Null }

// New returns a realm with the namespaces installed. It is closed with the test.
func New(t testing.TB, namespaces ...*script.Namespace) (*script.Realm, *Host) {
	t.Helper()
	h := &Host{Files: map[string]string{}}
	r, err := script.New(h, script.Limits{Memory: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	for _, n := range namespaces {
		if err := r.Install(n); err != nil {
			t.Fatal(err)
		}
	}
	return r, h
}

// Run evaluates src in a new realm and returns the text of its completion value; a failure is "error: MESSAGE".
func Run(t testing.TB, namespaces []*script.Namespace, src string) string {
	t.Helper()
	r, h := New(t, namespaces...)
	res, err := r.Run("/main.js", src)
	r.RunJobs()
	for _, p := range h.Problems {
		t.Log(p)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	s, err := r.ToString(res.Value)
	if err != nil {
		return "error: " + err.Error()
	}
	return s
}
