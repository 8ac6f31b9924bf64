package codebase

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// holdTime is how long a server that can is asked to wait for a new version. One that takes a good part of it has waited.
const (
	holdTime = 30 * time.Second
	heldTime = time.Second
)

var errUnexpected = errors.New("unexpected answer")

// request sends a request and logs what fails. The answer's body gives an error if it stops coming.
func (r *Remote) request(ctx context.Context, method, address string, patience time.Duration, header http.Header) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	watchdog := time.AfterFunc(patience, func() { cancel(fmt.Errorf("nothing has come for %v", patience)) })
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		watchdog.Stop()
		cancel(nil)
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", "")
	if r.o.Token != "" {
		req.Header.Set("Authorization", "Bearer "+r.o.Token)
	}
	res, err := r.o.Client.Do(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		watchdog.Stop()
		cancel(nil)
		if !errors.Is(err, context.Canceled) {
			r.o.Log.Errorf("[codebase] %s %s -> 502 %v", method, address, plainError(err))
		}
		return nil, err
	}
	watchdog.Reset(r.o.Stall)
	res.Body = &watchedBody{res.Body, ctx, cancel, watchdog, r.o.Stall}
	return res, nil
}

// plainError leaves out what the line says anyway.
func plainError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// watchedBody gives up on a peer that sends nothing for a while.
type watchedBody struct {
	io.ReadCloser
	ctx      context.Context
	cancel   context.CancelCauseFunc
	watchdog *time.Timer
	stall    time.Duration
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.watchdog.Reset(b.stall)
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		if cause := context.Cause(b.ctx); cause != nil {
			err = cause
		}
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.watchdog.Stop()
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

// get reads a whole document of at most limit bytes. Answers other than 200 are errUnexpected, with the answer's status.
func (r *Remote) get(ctx context.Context, address string, limit int64) (content []byte, t tag, status int, err error) {
	res, err := r.request(ctx, http.MethodGet, address, r.o.Stall, nil)
	if err != nil {
		return nil, tag{}, 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, tag{}, res.StatusCode, errUnexpected
	}
	content, err = readBody(res, limit)
	if err != nil {
		r.o.Log.Errorf("[codebase] GET %s -> %v", address, err)
		return nil, tag{}, res.StatusCode, err
	}
	r.o.Log.Infof("[codebase] GET %s -> %d bytes", address, len(content))
	return content, tagOf(res), res.StatusCode, nil
}

// readBody reads a body that is certain to be complete.
func readBody(res *http.Response, limit int64) ([]byte, error) {
	if res.ProtoMajor == 1 && res.ContentLength < 0 && len(res.TransferEncoding) == 0 {
		return nil, errors.New("the answer has no length: nobody could tell whether it is complete")
	}
	content, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("the answer breaks off after %d bytes", len(content))
	case err != nil:
		return nil, fmt.Errorf("the answer breaks off after %d bytes: %w", len(content), err)
	case int64(len(content)) > limit:
		return nil, fmt.Errorf("larger than the %d bytes that are left for the codebase", limit)
	}
	return content, checkDigest(res.Header.Get("content-digest"), content)
}

// checkDigest verifies a body against the sha-256 of its Content-Digest (RFC 9530), if there is one.
func checkDigest(field string, content []byte) error {
	for item := range strings.SplitSeq(field, ",") {
		encoded, ok := strings.CutPrefix(strings.TrimSpace(item), "sha-256=:")
		if !ok {
			continue
		}
		want, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(encoded, ":"))
		if got := sha256.Sum256(content); err != nil || !bytes.Equal(got[:], want) {
			return errors.New("the answer is corrupt: it does not have its content-digest")
		}
	}
	return nil
}

func (r *Remote) unexpected(method, address string, status int) {
	r.o.Log.Errorf("[codebase] %s %s -> %d %s", method, address, status, http.StatusText(status))
}

func (r *Remote) head(ctx context.Context, address string) (tag, error) {
	res, err := r.request(ctx, http.MethodHead, address, r.o.Stall, nil)
	if err != nil {
		return tag{}, err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		r.unexpected(http.MethodHead, address, res.StatusCode)
		return tag{}, errUnexpected
	}
	return tagOf(res), nil
}

// ask looks for a version other than the one seen last. A server that can holds the request until there is one; the others
// answer at once, and waited is false.
func (r *Remote) ask(ctx context.Context) (changed, waited bool, err error) {
	seen := r.lastSeen()
	if !r.waits || seen.etag == "" {
		t, err := r.head(ctx, r.o.URL)
		return err == nil && t != seen, false, err
	}
	asked := time.Now()
	res, err := r.request(ctx, http.MethodGet, r.o.URL, holdTime+r.o.Stall, http.Header{
		"If-None-Match": {seen.etag},
		"Prefer":        {fmt.Sprintf("wait=%d", holdTime/time.Second)},
	})
	if err != nil {
		return false, false, err
	}
	defer res.Body.Close()
	waited = time.Since(asked) >= heldTime
	switch res.StatusCode {
	case http.StatusNotModified:
		return false, waited, nil
	case http.StatusOK:
		if tagOf(res) != seen {
			return true, waited, nil
		}
		r.waits = false // it knows nothing of conditions either: ask for less from now on
		return false, false, nil
	}
	r.unexpected(http.MethodGet, r.o.URL, res.StatusCode)
	return false, false, errUnexpected
}

// download gets the list of files and all of them, in its order, one after another.
func (r *Remote) download(ctx context.Context) (*Version, error) {
	left := r.o.MaxSize
	root, t, status, err := r.get(ctx, r.o.URL, left)
	if err == errUnexpected {
		r.unexpected(http.MethodGet, r.o.URL, status)
	}
	if err != nil {
		return nil, err
	}
	left -= int64(len(root))
	v := &Version{Tag: t.etag, tag: t, files: map[string][]byte{}, tags: map[string]tag{}}
	paths := manifest(root)
	if paths == nil {
		v.entry = Normalize(r.o.URL[len(r.base):])
		v.files[v.entry], v.tags[v.entry] = root, t
		return v, nil
	}
	if len(paths) > r.o.MaxFiles {
		err := fmt.Errorf("%d files are more than the %d a codebase may have", len(paths), r.o.MaxFiles)
		r.o.Log.Errorf("[codebase] %v", err)
		return nil, err
	}
	v.entry = paths[0]
	for _, path := range paths {
		if _, twice := v.files[path]; twice {
			continue
		}
		content, fileTag, status, err := r.get(ctx, r.fileURL(path), left)
		switch {
		case err == errUnexpected && status == http.StatusNotFound:
			r.o.Log.Warnf("[codebase] GET %s -> 404 Not Found; the codebase does without", r.fileURL(path))
			continue
		case err == errUnexpected:
			r.unexpected(http.MethodGet, r.fileURL(path), status)
			return nil, err
		case err != nil:
			return nil, err
		}
		left -= int64(len(content))
		v.files[path], v.tags[path] = content, fileTag
	}
	return v, nil
}

func (r *Remote) fileURL(path string) string {
	u := url.URL{Path: path}
	return r.base + u.EscapedPath()
}

// manifest returns the paths of a list of files, nil if the document is a script.
func manifest(doc []byte) []string {
	if len(doc) <= 2 || doc[0] != '/' || doc[1] == '/' || doc[1] == '*' {
		return nil
	}
	var paths []string
	for line := range strings.SplitSeq(string(doc), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			paths = append(paths, Normalize(line))
		}
	}
	return paths
}
