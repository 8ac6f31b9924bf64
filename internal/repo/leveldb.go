package repo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/storage"
	"github.com/syndtr/goleveldb/leveldb/util"
)

// levelDB is a LevelDB database that is only read. Nothing in its directory is changed.
type levelDB struct {
	db    *leveldb.DB
	files *levelFiles
	// torn tells that the last write to the database is incomplete, as after a crash, and left out.
	torn bool
}

// openLevelDB opens a database nobody uses, and keeps others from using it.
func openLevelDB(dir string) (*levelDB, error) {
	if _, err := os.Stat(filepath.Join(dir, "CURRENT")); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is no store of Pipy: it has no file CURRENT, as directories of LevelDB have", dir)
		}
		return nil, err
	}
	lock, err := lockLevelDB(filepath.Join(dir, "LOCK"))
	if err != nil {
		return nil, err
	}
	files := &levelFiles{dir: dir, lock: lock}
	db, err := leveldb.Open(files, &opt.Options{ReadOnly: true, ErrorIfMissing: true})
	if err == nil && files.damage != "" {
		err = errors.Join(errors.New(files.damage), db.Close())
	}
	if err != nil {
		_ = files.Close() // it was only read
		return nil, damaged(dir, err)
	}
	return &levelDB{db: db, files: files, torn: files.torn}, nil
}

func damaged(dir string, err error) error {
	return fmt.Errorf("the store in %s is damaged: %w", dir, err)
}

// get returns a value of its own; found is false if there is none.
func (l *levelDB) get(key string) (value []byte, found bool, err error) {
	value, err = l.db.Get([]byte(key), nil)
	switch {
	case errors.Is(err, leveldb.ErrNotFound):
		return nil, false, nil
	case err != nil:
		return nil, false, damaged(l.files.dir, err)
	}
	return value, true, nil
}

// list returns the values of the keys with a prefix by the rest of the key.
func (l *levelDB) list(prefix string) (map[string]string, error) {
	values := map[string]string{}
	i := l.db.NewIterator(util.BytesPrefix([]byte(prefix)), nil)
	defer i.Release()
	for i.Next() {
		values[string(i.Key()[len(prefix):])] = string(i.Value())
	}
	if err := i.Error(); err != nil {
		return nil, damaged(l.files.dir, err)
	}
	return values, nil
}

func (l *levelDB) close() {
	_ = l.db.Close() // it was only read
	_ = l.files.Close()
}

// levelFiles are the files of a LevelDB database.
type levelFiles struct {
	dir  string
	lock io.Closer // nil if there is no file to lock

	mu     sync.Mutex
	torn   bool
	damage string // the first one that the library would only have logged
}

var _ storage.Storage = (*levelFiles)(nil)

var errLevelReadOnly = errors.New("the database is only read")

type noLock struct{}

func (noLock) Unlock() {}

// Lock does nothing: the directory is locked already.
func (*levelFiles) Lock() (storage.Locker, error) { return noLock{}, nil }

// Log looks for what the library has left out. Everything at the end of a log that a crash has cut off was never acknowledged.
func (f *levelFiles) Log(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case strings.HasPrefix(line, "journal@drop"):
		for _, end := range []string{"missing chunk part", "chunk length overflows block", "zero header"} {
			if strings.Contains(line, end) {
				f.torn = true
				return
			}
		}
	case !strings.HasSuffix(line, "(skipped)"):
		return
	}
	if f.damage == "" {
		f.damage = line
	}
}

// GetMeta returns the manifest that CURRENT names.
func (f *levelFiles) GetMeta() (storage.FileDesc, error) {
	content, err := os.ReadFile(filepath.Join(f.dir, "CURRENT"))
	if err != nil {
		return storage.FileDesc{}, err
	}
	name := strings.TrimSuffix(string(content), "\n")
	fd, ok := parseLevelName(name)
	if !ok || fd.Type != storage.TypeManifest {
		return storage.FileDesc{}, fmt.Errorf("the file CURRENT names %.100q, which is no manifest", name)
	}
	return fd, nil
}

func (f *levelFiles) List(kinds storage.FileType) ([]storage.FileDesc, error) {
	entries, err := os.ReadDir(f.dir)
	var fds []storage.FileDesc
	for _, e := range entries {
		if fd, ok := parseLevelName(e.Name()); ok && fd.Type&kinds != 0 {
			fds = append(fds, fd)
		}
	}
	return fds, err
}

// parseLevelName tells what a file of a database is.
func parseLevelName(name string) (fd storage.FileDesc, ok bool) {
	number, isManifest := strings.CutPrefix(name, "MANIFEST-")
	kind := storage.TypeManifest
	if !isManifest {
		var extension string
		number, extension, _ = strings.Cut(name, ".")
		switch extension {
		case "log":
			kind = storage.TypeJournal
		case "ldb", "sst": // the latter in old databases
			kind = storage.TypeTable
		default:
			return storage.FileDesc{}, false
		}
	}
	n, err := strconv.ParseUint(number, 10, 63)
	return storage.FileDesc{Type: kind, Num: int64(n)}, err == nil
}

func (f *levelFiles) Open(fd storage.FileDesc) (storage.Reader, error) {
	name := filepath.Join(f.dir, fd.String())
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) && fd.Type == storage.TypeTable {
		file, err = os.Open(strings.TrimSuffix(name, ".ldb") + ".sst")
	}
	if err != nil {
		return nil, err
	}
	return file, nil
}

func (*levelFiles) SetMeta(storage.FileDesc) error                  { return errLevelReadOnly }
func (*levelFiles) Create(storage.FileDesc) (storage.Writer, error) { return nil, errLevelReadOnly }
func (*levelFiles) Remove(storage.FileDesc) error                   { return errLevelReadOnly }
func (*levelFiles) Rename(storage.FileDesc, storage.FileDesc) error { return errLevelReadOnly }

// Close lets others use the database.
func (f *levelFiles) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lock == nil {
		return nil
	}
	err := f.lock.Close()
	f.lock = nil
	return err
}
