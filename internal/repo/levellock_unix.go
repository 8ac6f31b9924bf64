//go:build unix

package repo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lockLevelDB keeps other processes from opening a database, until the returned value is closed. LevelDB takes a write lock on
// the file: a read lock, for which it need not be writable, is refused as long as somebody has that. Without the file, in a
// copy, there is nothing to lock.
func lockLevelDB(file string) (io.Closer, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_RDLCK, Whence: io.SeekStart})
	if err == nil {
		return f, nil
	}
	_ = f.Close() // the error is that of the lock
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return nil, fmt.Errorf("another process uses the store in %s: stop it, or import a copy of the directory", filepath.Dir(file))
	}
	return nil, fmt.Errorf("cannot lock %s: %w", file, err)
}
