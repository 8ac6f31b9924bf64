package codebase

import (
	"context"
	"net/http"
	"strings"
)

// Look updates files that scripts watch and that have changed although the version has not, and calls the watches. It may
// run beside the other methods, but not beside itself.
func (r *Remote) Look(ctx context.Context) {
	files, trees := r.store.watched()
	if len(files) == 0 && !trees {
		return
	}
	// With a new version on the server, its files are not for the running program.
	if now, err := r.head(ctx, r.o.URL); err != nil || now != r.lastSeen() {
		return
	}
	r.looking.Lock()
	defer r.looking.Unlock()
	changes := map[string][]byte{}
	if trees {
		r.lookAtTags(ctx, changes)
	}
	for _, path := range files {
		if _, done := changes[path]; !done {
			r.lookAtFile(ctx, path, changes)
		}
	}
	if len(changes) > 0 {
		r.store.update(changes)
	}
}

// lookAtFile looks whether a file has changed. Of one that is not known yet it only remembers the tag.
func (r *Remote) lookAtFile(ctx context.Context, path string, changes map[string][]byte) {
	res, err := r.request(ctx, http.MethodHead, r.fileURL(path), r.o.Stall, nil)
	if err != nil {
		return
	}
	res.Body.Close()
	t := tag{} // of a file that is not there
	switch res.StatusCode {
	case http.StatusOK:
		t = tagOf(res)
	case http.StatusNotFound:
	default:
		r.unexpected(http.MethodHead, r.fileURL(path), res.StatusCode)
		return
	}
	before, known := r.tags[path]
	switch {
	case !known:
		r.tags[path] = t
	case t != before:
		r.fetchChange(ctx, path, changes)
	}
}

// fetchChange gets a changed file. What cannot be had now is tried again at the next look.
func (r *Remote) fetchChange(ctx context.Context, path string, changes map[string][]byte) {
	content, t, status, err := r.get(ctx, r.fileURL(path), r.o.MaxSize)
	switch {
	case err == nil:
		changes[path], r.tags[path] = content, t
	case err == errUnexpected && status == http.StatusNotFound:
		changes[path], r.tags[path] = nil, tag{}
	case err == errUnexpected:
		r.unexpected(http.MethodGet, r.fileURL(path), status)
	}
}

// lookAtTags compares the repo's list of all files and their tags with what is known. Plain web servers have none.
func (r *Remote) lookAtTags(ctx context.Context, changes map[string][]byte) {
	res, err := r.request(ctx, http.MethodGet, r.base+"/_etags", r.o.Stall, nil)
	if err != nil {
		return
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return
	}
	list, err := readBody(res, r.o.MaxSize)
	if err != nil {
		r.o.Log.Errorf("[codebase] GET %s/_etags -> %v", r.base, err)
		return
	}
	listed := map[string]bool{}
	for line := range strings.SplitSeq(string(list), "\n") {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "/") {
			continue
		}
		path, etag, _ := strings.Cut(line, "#")
		path = Normalize(path)
		listed[path] = true
		if before, known := r.tags[path]; !known || before.etag != etag {
			if len(listed) > r.o.MaxFiles {
				r.o.Log.Errorf("[codebase] More files are listed than the %d a codebase may have", r.o.MaxFiles)
				return
			}
			r.fetchChange(ctx, path, changes)
		}
	}
	for path := range r.store.tree() {
		if !listed[path] {
			changes[path] = nil
			delete(r.tags, path)
		}
	}
}
