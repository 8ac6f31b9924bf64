package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// FileOptions say when a log file is put aside and a new one begun.
type FileOptions struct {
	MaxSize  int64         // bytes a file may grow to; 0 for any number
	MaxCount int           // files put aside that are kept besides the current one; 0 for all
	Interval time.Duration // age a file may reach; 0 for any
}

// stampFormat precedes the name of a file that was put aside, with the local time at which it was begun.
const stampFormat = "2006-01-02-15-04-05-"

// File is a log file that is appended to and rotates itself: before a record that would make it too large or finds it
// too old, it is renamed to YYYY-MM-DD-HH-MM-SS-NAME.
type File struct {
	path    string // absolute
	options FileOptions

	mu      sync.Mutex
	file    *os.File
	size    int64
	started time.Time
	stamp   time.Time // of the last file put aside
	now     func() time.Time
}

// OpenFile opens or creates the file for appending.
func OpenFile(path string, options FileOptions) (*File, error) {
	return openFile(path, options, time.Now)
}

func openFile(path string, options FileOptions, now func() time.Time) (*File, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open log file %s: %w", path, err)
	}
	f := &File{path: absolute, options: options, now: now}
	if err := f.open(); err != nil {
		return nil, err
	}
	return f, nil
}

var (
	sharedMu sync.Mutex
	shared   = map[string]*File{}
)

// SharedFile returns the file that all logs of the process with this path write to. It is opened by the first call,
// whose options count, and stays open.
func SharedFile(path string, options FileOptions) (*File, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open log file %s: %w", path, err)
	}
	sharedMu.Lock()
	defer sharedMu.Unlock()
	if f := shared[absolute]; f != nil {
		return f, nil
	}
	f, err := OpenFile(absolute, options)
	if err == nil {
		shared[absolute] = f
	}
	return f, err
}

// Path is the absolute path of the file.
func (f *File) Path() string { return f.path }

// Write appends one record, newline included, with one write. If rotation fails the record goes to the old file.
func (f *File) Write(record []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return 0, fs.ErrClosed
	}
	rotationErr := f.rotateIfDue(len(record))
	n, err := f.file.Write(record)
	f.size += int64(n)
	return n, errors.Join(err, rotationErr)
}

// Reopen closes the file and opens its path again, for tools that rename log files themselves. On error the old file
// stays in use.
func (f *File) Reopen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return fs.ErrClosed
	}
	old := f.file
	if err := f.open(); err != nil {
		return err
	}
	return old.Close()
}

// Close closes the file; later writes fail.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}

func (f *File) open() error {
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("cannot open log file: %w", err)
	}
	f.file, f.size, f.started = file, 0, f.now()
	if info, err := file.Stat(); err == nil && info.Size() > 0 {
		f.size, f.started = info.Size(), begun(f.path, info)
	}
	return nil
}

func (f *File) rotateIfDue(more int) error {
	o := f.options
	tooLarge := o.MaxSize > 0 && f.size+int64(more) > o.MaxSize
	tooOld := o.Interval > 0 && f.now().Sub(f.started) >= o.Interval
	if f.size == 0 {
		f.started = f.now() // what counts is the age of the first record
		return nil
	}
	if !tooLarge && !tooOld {
		return nil
	}
	aside, err := f.asideName()
	if err != nil {
		return fmt.Errorf("cannot rotate log file: %w", err)
	}
	if err := os.Rename(f.path, aside); err != nil {
		return fmt.Errorf("cannot rotate log file: %w", err)
	}
	old := f.file
	if err := f.open(); err != nil {
		return err
	}
	return errors.Join(old.Close(), f.removeOldest())
}

// asideName finds a free name. Of several files begun in one second the later ones get later seconds, so that none
// is overwritten and the names sort by age.
func (f *File) asideName() (string, error) {
	stamp := f.started.Truncate(time.Second)
	if !stamp.After(f.stamp) {
		stamp = f.stamp.Add(time.Second)
	}
	dir, name := filepath.Split(f.path)
	for {
		aside := dir + stamp.Local().Format(stampFormat) + name
		_, err := os.Lstat(aside)
		if errors.Is(err, fs.ErrNotExist) {
			f.stamp = stamp
			return aside, nil
		}
		if err != nil {
			return "", err
		}
		stamp = stamp.Add(time.Second)
	}
}

// removeOldest looks at the whole name, so that the files of other-NAME are safe.
func (f *File) removeOldest() error {
	if f.options.MaxCount <= 0 {
		return nil
	}
	dir, name := filepath.Split(f.path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var aside []string
	for _, e := range entries {
		stamp, ok := strings.CutSuffix(e.Name(), name)
		if _, err := time.Parse(stampFormat, stamp); ok && err == nil {
			aside = append(aside, e.Name())
		}
	}
	slices.Sort(aside)
	var errs []error
	for _, old := range aside[:max(0, len(aside)-f.options.MaxCount)] {
		errs = append(errs, os.Remove(filepath.Join(dir, old)))
	}
	return errors.Join(errs...)
}
