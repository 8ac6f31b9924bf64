package repo

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// pipyStore is a store of Pipy, which keeps in LevelDB:
//
//	codebases/tree/PATH          id of a codebase
//	codebases/ID                 its record: lines of base, main, path, version as KEY=VALUE; base is an id
//	codebases/ID/files/FILE      id of a committed file; edit/FILE and erased/FILE likewise
//	codebases/ID/derived/ID2     version of the base that the codebase ID2 was last built from
//	files/tree/PATH/             record of the manifest: lines of id and version
//	files/tree/PATH/_etags       the same of the list of published files and their tags
//	files/tree/PATH FILE         the same of a published file
//	files/ID                     content
//
// PATH and FILE begin with a slash, so there are two in a row.
type pipyStore struct{ *levelDB }

// pipyCodebase is a codebase with the ids of its files by path.
type pipyCodebase struct {
	path        string
	version     string
	main        string
	base        string // path of the base, "" for none
	baseVersion string
	files       map[string]string
	edits       map[string]string
	erased      map[string]string

	published       map[string]pipyPublished
	manifest        string // id, "" if no version was committed
	manifestVersion string
}

type pipyPublished struct{ id, tag string }

// all returns the codebases of the store, bases before those that are derived from them. Everything they refer to is there.
func (s pipyStore) all() ([]*pipyCodebase, error) {
	ids, err := s.list("codebases/tree/")
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("the LevelDB database in %s has no codebases: it is empty, or no store of Pipy", s.files.dir)
	}
	byPath := map[string]*pipyCodebase{}
	paths := make(map[string]string, len(ids)) // by id
	for path, id := range ids {
		paths[id] = path
	}
	for path, id := range ids {
		if byPath[path], err = s.codebase(path, id, paths); err != nil {
			return nil, err
		}
	}
	var sorted []*pipyCodebase
	var add func(path string, derived int) error
	add = func(path string, derived int) error {
		c := byPath[path]
		switch {
		case derived > len(byPath):
			return s.damage("the codebase %s is derived from itself", path)
		case slices.Contains(sorted, c):
			return nil
		case c.base != "":
			if err := add(c.base, derived+1); err != nil {
				return err
			}
		}
		sorted = append(sorted, c)
		return nil
	}
	for _, path := range slices.Sorted(maps.Keys(byPath)) {
		if err := add(path, 0); err != nil {
			return nil, err
		}
	}
	return sorted, nil
}

func (s pipyStore) damage(format string, args ...any) error {
	return damaged(s.files.dir, fmt.Errorf(format, args...))
}

// record reads KEY=VALUE lines.
func (s pipyStore) record(key string) (values map[string]string, found bool, err error) {
	b, found, err := s.get(key)
	values = map[string]string{}
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		values[name] = value
	}
	return values, found, err
}

// content reads a file.
func (s pipyStore) content(id string) ([]byte, error) {
	b, found, err := s.get("files/" + id)
	if err == nil && !found {
		err = s.damage("the content %s is missing", id)
	}
	return b, err
}

// codebase reads all about a codebase. paths has those of all codebases by id.
func (s pipyStore) codebase(path, id string, paths map[string]string) (*pipyCodebase, error) {
	key := "codebases/" + id
	values, found, err := s.record(key)
	if err == nil && !found {
		err = s.damage("the record of the codebase %s is missing", path)
	}
	if err != nil {
		return nil, err
	}
	c := &pipyCodebase{path: path, version: values["version"], main: values["main"]}
	if base := values["base"]; base != "" {
		if c.base = paths[base]; c.base == "" {
			return nil, s.damage("the base of the codebase %s is missing", path)
		}
		b, _, err := s.get("codebases/" + base + "/derived/" + id)
		if err != nil {
			return nil, err
		}
		c.baseVersion = string(b)
	}
	for kind, files := range map[string]*map[string]string{"/files/": &c.files, "/edit/": &c.edits, "/erased/": &c.erased} {
		if *files, err = s.list(key + kind); err != nil {
			return nil, err
		}
	}
	if err := s.publications(c); err != nil {
		return nil, err
	}
	return c, s.check(c)
}

// publications reads what is published of a codebase. Its files are those in the list of tags: files of a codebase whose path is
// longer may lie between them.
func (s pipyStore) publications(c *pipyCodebase) error {
	root, published, err := s.record("files/tree/" + c.path + "/")
	if err != nil {
		return err
	}
	c.manifest, c.manifestVersion = root["id"], root["version"]
	list, found, err := s.record("files/tree/" + c.path + etagsPath)
	if err != nil || !found {
		if published && err == nil {
			err = s.damage("the list of the published files of %s is missing", c.path)
		}
		return err
	}
	tags, err := s.content(list["id"])
	if err != nil {
		if published {
			return err
		}
		return nil // Pipy leaves the list of a codebase that was deleted
	}
	c.published = map[string]pipyPublished{}
	for line := range strings.Lines(string(tags)) {
		file, tag, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "#")
		entry, found, err := s.record("files/tree/" + c.path + file)
		if err != nil {
			return err
		}
		if !found {
			continue // so nobody gets it
		}
		if !published {
			// What is left of one that was deleted may lack its content.
			if _, found, err := s.get("files/" + entry["id"]); err != nil || !found {
				if err != nil {
					return err
				}
				continue
			}
		}
		c.published[file] = pipyPublished{entry["id"], tag}
	}
	return nil
}

// check looks whether all contents of a codebase are there.
func (s pipyStore) check(c *pipyCodebase) error {
	look := func(kind, file, id string) error {
		if _, err := s.content(id); err != nil {
			return fmt.Errorf("the %s %s of %s: %w", kind, file, c.path, err)
		}
		return nil
	}
	for file, id := range c.files {
		if err := look("file", file, id); err != nil {
			return err
		}
	}
	for file, id := range c.edits {
		if err := look("edited file", file, id); err != nil {
			return err
		}
	}
	for file, p := range c.published {
		if err := look("published file", file, p.id); err != nil {
			return err
		}
	}
	if c.manifest != "" {
		return look("list of files", "/", c.manifest)
	}
	return nil
}
