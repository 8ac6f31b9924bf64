package codebase

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/internal/logs"
)

// site is a web server whose documents have tags.
type site struct {
	mu    sync.Mutex
	docs  map[string]string // by path
	tags  map[string]string
	hook  func(w http.ResponseWriter, r *http.Request) bool
	asked []string
}

func (s *site) set(path, doc, tag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.docs[path], s.tags[path] = doc, tag
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	doc, ok := s.docs[r.URL.Path]
	tag, hook := s.tags[r.URL.Path], s.hook
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	s.mu.Unlock()
	if hook != nil && hook(w, r) {
		return
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("etag", tag)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(doc))
}

func newSite(t *testing.T, path string, change func(*RemoteOptions)) (*site, *Remote) {
	t.Helper()
	s := &site{docs: map[string]string{}, tags: map[string]string{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	log, err := logs.New(logs.Options{Local: logs.Null})
	if err != nil {
		t.Fatal(err)
	}
	o := RemoteOptions{URL: server.URL + path, Client: server.Client(), Poll: time.Millisecond, Log: log}
	if change != nil {
		change(&o)
	}
	r, err := NewRemote(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

func fetch(t *testing.T, r *Remote) *Version {
	t.Helper()
	v, err := r.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.Apply(v)
	return v
}

func TestRemoteFetch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path, root string
		entry            string
		files            []string
	}{
		{"list", "/repo/x/", "/main.js\n\n  /lib/a b.js  \r\n/gone.js\n/lib/../other.js\n/main.js", "/main.js", []string{"lib/a b.js", "main.js", "other.js"}},
		{"script", "/x/main.js", "println(1)", "/main.js", []string{"main.js"}},
		{"script in the root", "/", "println(1)", "/", []string{}},
		{"script with a comment", "/a.js", "// a\n", "/a.js", []string{"a.js"}},
		{"script with a block comment", "/a.js", "/* a */", "/a.js", []string{"a.js"}},
		{"short script", "/a.js", "/a", "/a.js", []string{"a.js"}},
		{"empty script", "/a.js", "", "/a.js", []string{"a.js"}},
	} {
		s, r := newSite(t, c.path, nil)
		s.set(c.path, c.root, "7")
		base := c.path[:strings.LastIndexByte(c.path, '/')]
		if c.name == "list" {
			for _, p := range []string{"/main.js", "/lib/a b.js", "/other.js"} {
				s.set(base+p, p, "7")
			}
		}
		v := fetch(t, r)
		code := r.Code()
		if v.Tag != "7" || code.Version() != "7" || code.Entry() != c.entry || !reflect.DeepEqual(code.List("/"), c.files) && len(c.files) > 0 {
			t.Errorf("%s: version %s, entry %s, files %q", c.name, code.Version(), code.Entry(), code.List("/"))
		}
		if _, err := code.Read(c.entry); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := code.Read("/gone.js"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestRemoteFetchErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*RemoteOptions)
		hook   func(w http.ResponseWriter, r *http.Request) bool
	}{
		{"list missing", nil, func(w http.ResponseWriter, r *http.Request) bool {
			http.NotFound(w, r)
			return true
		}},
		{"file refused", nil, func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/main.js" {
				w.WriteHeader(http.StatusForbidden)
			}
			return r.URL.Path == "/main.js"
		}},
		{"truncated", nil, func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/main.js" {
				w.Header().Set("content-length", "10")
				w.Write([]byte("x"))
			}
			return r.URL.Path == "/main.js"
		}},
		{"no length", nil, func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/main.js" {
				return false
			}
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return true
			}
			c.Write([]byte("HTTP/1.1 200 OK\r\n\r\nhalf"))
			c.Close()
			return true
		}},
		{"wrong digest", nil, func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("content-digest", "sha-512=:x:, sha-256=:AAAA:")
			return false
		}},
		{"too large", func(o *RemoteOptions) { o.MaxSize = 20 }, nil},
		{"too many", func(o *RemoteOptions) { o.MaxFiles = 1 }, nil},
		{"stalls", func(o *RemoteOptions) { o.Stall = 20 * time.Millisecond }, func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/other.js" {
				w.Header().Set("content-length", "10")
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			}
			return r.URL.Path == "/other.js"
		}},
	} {
		s, r := newSite(t, "/", c.change)
		s.set("/", "/main.js\n/other.js", "1")
		s.set("/main.js", "println()", "1")
		s.set("/other.js", "", "1")
		s.hook = c.hook
		if v, err := r.Fetch(t.Context()); err == nil {
			t.Errorf("%s: %+v", c.name, v)
		}
		if len(r.Code().List("/")) > 0 {
			t.Errorf("%s: files %q", c.name, r.Code().List("/"))
		}
		s.hook = nil
		r.o.MaxSize, r.o.MaxFiles = DefaultMaxSize, DefaultMaxFiles
		if err := r.Wait(t.Context()); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		fetch(t, r)
	}
}

// Files are never mixed: a version that is published during a download is downloaded instead.
func TestRemoteChangesDuringDownload(t *testing.T) {
	t.Parallel()
	s, r := newSite(t, "/", nil)
	publish := func(v string) {
		s.set("/", "/main.js\n/other.js", v)
		s.set("/main.js", v, v)
		s.set("/other.js", v, v)
	}
	publish("1")
	n := 1
	s.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/other.js" && n < 4 {
			n++
			publish(fmt.Sprint(n))
		}
		return false
	}
	v := fetch(t, r)
	a, _ := r.Code().Read("/main.js")
	b, _ := r.Code().Read("/other.js")
	if string(a) != string(b) || v.Tag != string(a) {
		t.Errorf("version %s of %s and %s", v.Tag, a, b)
	}
	n = -100 // it never comes to rest
	if _, err := r.Fetch(t.Context()); !errors.Is(err, errChanging) {
		t.Error(err)
	}
}

func TestRemoteWait(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		hook func(w http.ResponseWriter, r *http.Request) bool
		ask  string // how it asks for a version
	}{
		{"conditions", nil, "GET /"},
		{"no conditions", func(w http.ResponseWriter, r *http.Request) bool {
			r.Header.Del("If-None-Match")
			return false
		}, "HEAD /"},
	} {
		s, r := newSite(t, "/", nil)
		s.hook = c.hook
		s.set("/", "println(1)", `"1"`)
		fetch(t, r)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if err := r.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", c.name, err)
		}
		cancel()
		s.mu.Lock()
		if last := s.asked[len(s.asked)-1]; last != c.ask {
			t.Errorf("%s: asked by %s", c.name, last)
		}
		s.mu.Unlock()
		s.set("/", "println(2)", `"2"`)
		if err := r.Wait(t.Context()); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestRemoteLook(t *testing.T) {
	t.Parallel()
	s, r := newSite(t, "/", nil)
	s.set("/", "/main.js\n/a.txt\n/d/b.txt", "1")
	for _, p := range []string{"/main.js", "/a.txt", "/d/b.txt"} {
		s.set(p, "old", "1")
	}
	fetch(t, r)
	var seen []string
	defer r.Code().Watch("/a.txt", func(paths []string) { seen = append(seen, "file "+strings.Join(paths, " ")) })()
	look := func(want ...string) {
		t.Helper()
		seen = nil
		r.Look(t.Context())
		slices.Sort(seen)
		if !slices.Equal(seen, want) {
			t.Errorf("saw %q, want %q", seen, want)
		}
	}
	look()
	s.set("/a.txt", "new", "1.1")
	look("file /a.txt")
	look()
	defer r.Code().Watch("/d/", func(paths []string) { seen = append(seen, "tree "+strings.Join(paths, " ")) })()
	s.set("/_etags", "/a.txt#1.1\n/d/b.txt#1.1\n/d/c.txt#.1\n/main.js#1\n", "")
	s.set("/d/b.txt", "new", "1.1")
	s.set("/d/c.txt", "new", ".1")
	look("tree /d/b.txt /d/c.txt")
	look()
	s.set("/_etags", "/a.txt#1.1\n/d/c.txt#.1\n/main.js#1\n", "")
	look("tree /d/b.txt")
	if r.Code().Exists("/d/b.txt") {
		t.Error("the file that is gone is there")
	}
	// A new version is none of its business.
	s.set("/", "/main.js", "2")
	s.set("/a.txt", "newer", "2")
	look()
}

func TestDiskCache(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "there")
	_, r := newSite(t, "/", func(o *RemoteOptions) { o.Cache = dir })
	if _, err := r.Restore(); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	v := &Version{Tag: "1", tag: tag{"1", "yesterday"}, entry: "/main.js", files: map[string][]byte{"/main.js": []byte("a\nb"), "/empty": {}, "/z": {0, '\n', 255}}}
	for range 2 {
		if err := r.Keep(v); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.Restore()
	if err != nil {
		t.Fatal(err)
	}
	if !got.Same(v) || got.entry != v.entry || fmt.Sprint(got.files) != fmt.Sprint(v.files) {
		t.Errorf("%+v", got)
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	file := filepath.Join(dir, names[0].Name())
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range content {
		changed := slices.Clone(content)
		changed[i] ^= 1
		for _, bad := range [][]byte{content[:i], changed} {
			if err := os.WriteFile(file, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if v, err := r.Restore(); err == nil || errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("damaged at %d: %+v, %v", i, v, err)
			}
		}
	}
	// A codebase of another URL is not run, and a directory that cannot be written to is an error.
	other := newDiskCache(dir, "http://other/", DefaultMaxSize)
	other.file = file
	if err := other.save(v); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Restore(); err == nil || !strings.Contains(err.Error(), "it is a copy of http://other/") {
		t.Error(err)
	}
	if err := newDiskCache(file, "x", 1).save(v); err == nil {
		t.Error("stored below a file")
	}
}

// signed puts the checksum before what a cache would have.
func signed(b []byte) []byte {
	return fmt.Appendf(nil, "%s%x\n%s", cacheMagic, sha256.Sum256(b), b)
}

func FuzzDiskCache(f *testing.F) {
	f.Add([]byte("{\"url\":\"u\",\"files\":[{\"path\":\"/a\",\"size\":1}]}\nx"))
	f.Add([]byte("{\"url\":\"u\",\"files\":[{\"path\":\"/a\",\"size\":-1}]}\n"))
	d := &diskCache{file: "f", url: "u"}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := d.parse(signed(b))
		if err == nil && v.files == nil {
			t.Fatal("no files")
		}
		if _, err := d.parse(b); err == nil && len(b) == 0 {
			t.Fatal("an empty file is a codebase")
		}
	})
}
