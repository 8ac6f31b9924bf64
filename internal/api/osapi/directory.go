package osapi

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"weir/internal/script"
)

func chdir(_ *script.Call, path string) (script.Value, error) {
	err := os.Chdir(path)
	var errno syscall.Errno
	if errors.As(err, &errno) {
		text := errno.Error()
		return script.Undefined, fmt.Errorf("%s%s, errno = %d", strings.ToUpper(text[:1]), text[1:], int(errno))
	}
	return script.Undefined, err
}

func abspath(c *script.Call, path string) (script.Value, error) { return c.String(absolute(path)), nil }

// absolute returns a clean path from the root; nothing for nothing.
func absolute(path string) string {
	if path == "" {
		return ""
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return filepath.Clean(path)
	}
	return abs
}

// list returns the names in a directory in the order it has them, without hidden ones.
func list(c *script.Call, path string) (script.Value, error) {
	names := []string{}
	if f, err := os.Open(path); err == nil {
		entries, _ := f.ReadDir(-1) // what could be read before a failure is still returned
		_ = f.Close()
		for _, e := range entries {
			name := e.Name()
			if strings.HasPrefix(name, ".") {
				continue
			}
			isDir := e.IsDir()
			if e.Type()&fs.ModeSymlink != 0 {
				info, err := os.Stat(filepath.Join(path, name))
				isDir = err == nil && info.IsDir()
			}
			if isDir {
				name += "/"
			}
			names = append(names, name)
		}
	}
	return c.FromGo(names), nil
}

func mkdir(c *script.Call, path string) (script.Value, error) {
	o := c.Options(c.Arg(1))
	recursive := o.Bool("recursive", false)
	if o.Err() != nil {
		return script.Undefined, o.Err()
	}
	make := os.Mkdir
	if recursive {
		make = os.MkdirAll
	}
	if make(path, 0o777) != nil {
		return script.Undefined, fmt.Errorf("cannot create directory: %s", absolute(path))
	}
	return script.Undefined, nil
}

// removal are the options of rm and rmdir.
func removal(c *script.Call) (recursive, force bool, err error) {
	o := c.Options(c.Arg(1))
	recursive, force = o.Bool("recursive", false), o.Bool("force", false)
	return recursive, force, o.Err()
}

func rm(c *script.Call, path string) (script.Value, error) {
	recursive, force, err := removal(c)
	if err != nil {
		return script.Undefined, err
	}
	return remove(path, recursive, force, removeFile, "cannot delete file: ")
}

func rmdir(c *script.Call, path string) (script.Value, error) {
	recursive, force, err := removal(c)
	if err != nil {
		return script.Undefined, err
	}
	return remove(path, recursive, force, removeDirectory, "cannot delete directory: ")
}

// remove deletes with f, or the whole tree; symbolic links are deleted themselves, not what they point to. With force
// it is no error if there is nothing.
func remove(path string, recursive, force bool, f func(string) error, failure string) (script.Value, error) {
	abs := absolute(path)
	info, err := os.Lstat(abs)
	if errors.Is(err, fs.ErrNotExist) && force {
		return script.Bool(false), nil
	}
	if err == nil {
		if recursive && info.IsDir() {
			failure = "cannot delete directory: "
			err = removeTree(abs)
		} else if recursive {
			err = os.Remove(abs)
		} else {
			err = f(abs)
		}
	}
	if err != nil {
		return script.Undefined, errors.New(failure + abs)
	}
	return script.Bool(true), nil
}

func removeTree(abs string) error {
	if filepath.Dir(abs) == abs {
		return errors.New("refusing to delete the root directory")
	}
	return os.RemoveAll(abs)
}

func removeDirectory(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return errors.New("not a directory")
	}
	return os.Remove(path)
}
