package codebase

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// diskCache keeps one version of a codebase in one file, which is replaced as a whole: a process that is killed, a power cut
// or a full disk leaves the version that was there. The file is a line with the checksum of what follows it, a line of JSON,
// and the contents in the order of their names.
type diskCache struct {
	file  string
	url   string
	limit int64
}

const (
	cacheSuffix = ".codebase"
	cacheMagic  = "weir-codebase-1 "
	staleTemp   = time.Hour // left by a process that was killed
	maxHeader   = 64 << 20
)

type cacheHeader struct {
	URL          string      `json:"url"`
	ETag         string      `json:"etag"`
	LastModified string      `json:"lastModified"`
	Entry        string      `json:"entry"`
	Files        []cacheFile `json:"files"`
}

type cacheFile struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
}

var errNoCache = fmt.Errorf("no copy is kept: %w", fs.ErrNotExist)

// newDiskCache names the file after the URL, so that processes with other codebases can share the directory.
func newDiskCache(dir, url string, limit int64) *diskCache {
	sum := sha256.Sum256([]byte(url))
	return &diskCache{file: filepath.Join(dir, hex.EncodeToString(sum[:16])+cacheSuffix), url: url, limit: limit}
}

// save replaces the copy. When it returns nil the new one is on the disk; after an error the old one is.
func (d *diskCache) save(v *Version) (err error) {
	dir := filepath.Dir(d.file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	d.removeStale()
	f, err := os.CreateTemp(dir, filepath.Base(d.file)+".*.tmp") // readable by this user only: codebases have keys in them
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	header := cacheHeader{URL: d.url, ETag: v.tag.etag, LastModified: v.tag.modified, Entry: v.entry, Files: []cacheFile{}}
	for path, content := range v.files {
		header.Files = append(header.Files, cacheFile{path, int64(len(content))})
	}
	slices.SortFunc(header.Files, func(a, b cacheFile) int { return strings.Compare(a.Path, b.Path) })
	line, err := json.Marshal(header)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	sum := sha256.New()
	sum.Write(line)
	for _, file := range header.Files {
		sum.Write(v.files[file.Path])
	}
	w := bufio.NewWriter(f)
	fmt.Fprintf(w, "%s%x\n", cacheMagic, sum.Sum(nil))
	w.Write(line)
	for _, file := range header.Files {
		w.Write(v.files[file.Path])
	}
	if err := w.Flush(); err != nil { // remembers the errors of all writes
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), d.file); err != nil {
		return err
	}
	return syncDirectory(dir)
}

// syncDirectory makes a rename last. Not every system can open directories; there the rename is as lasting as it gets.
func syncDirectory(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

func (d *diskCache) removeStale() {
	names, err := filepath.Glob(d.file + ".*.tmp")
	if err != nil {
		return
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > staleTemp {
			os.Remove(name)
		}
	}
}

// load returns the copy, if it is whole.
func (d *diskCache) load() (*Version, error) {
	f, err := os.Open(d.file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, d.limit+maxHeader+1))
	if err != nil {
		return nil, err
	}
	v, err := d.parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s is not used: %w", d.file, err)
	}
	return v, nil
}

var errCorrupt = errors.New("it is corrupt or truncated")

func (d *diskCache) parse(content []byte) (*Version, error) {
	first, rest, ok := bytes.Cut(content, []byte("\n"))
	sum := sha256.Sum256(rest)
	if !ok || string(first) != cacheMagic+hex.EncodeToString(sum[:]) {
		return nil, errCorrupt
	}
	line, rest, _ := bytes.Cut(rest, []byte("\n"))
	var header cacheHeader
	if err := json.Unmarshal(line, &header); err != nil {
		return nil, errCorrupt
	}
	if header.URL != d.url {
		return nil, fmt.Errorf("it is a copy of %s", header.URL)
	}
	v := &Version{
		Tag: header.ETag, tag: tag{header.ETag, header.LastModified}, entry: header.Entry,
		files: make(map[string][]byte, len(header.Files)), tags: map[string]tag{},
	}
	for _, file := range header.Files {
		if file.Size < 0 || file.Size > int64(len(rest)) {
			return nil, errCorrupt
		}
		v.files[file.Path] = rest[:file.Size:file.Size]
		rest = rest[file.Size:]
	}
	if len(rest) > 0 {
		return nil, errCorrupt
	}
	return v, nil
}
