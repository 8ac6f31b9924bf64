//go:build !unix

package repo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// lockLevelDB opens the file that LevelDB, where there are no locks of this kind, keeps open for itself alone.
func lockLevelDB(file string) (io.Closer, error) {
	f, err := os.Open(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("another process uses the store: %w", err)
	}
	return f, nil
}
