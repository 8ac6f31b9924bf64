package reactor

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// unixFile is a Unix socket this process listens on. Loops that share ports share it: unlike ports, a path cannot be bound
// twice.
type unixFile struct {
	key     string
	path    string
	info    fs.FileInfo // nil in the abstract name space
	reuse   bool
	sockets map[*Loop]unixSocket
}

var unixFiles = struct {
	sync.Mutex
	byKey map[string]*unixFile
}{byKey: map[string]*unixFile{}}

// openUnixFile returns a socket of l's own that listens on path: another handle of the one a different loop has, if both
// are to be shared, else what bind makes.
func openUnixFile(path string, l *Loop, reuse bool, bind func() (unixSocket, error)) (*unixFile, unixSocket, error) {
	key := path
	if !isAbstract(path) {
		if abs, err := filepath.Abs(path); err == nil {
			key = abs
		}
	}
	unixFiles.Lock()
	defer unixFiles.Unlock()
	if f := unixFiles.byKey[key]; f != nil && f.reuse && reuse {
		if _, own := f.sockets[l]; !own {
			for _, s := range f.sockets {
				s, err := dupUnix(s)
				if err == nil {
					f.sockets[l] = s
				}
				return f, s, err
			}
		}
	}
	s, err := bind()
	if err != nil {
		return nil, s, err
	}
	f := &unixFile{key: key, path: path, reuse: reuse, sockets: map[*Loop]unixSocket{l: s}}
	if !isAbstract(path) {
		f.info, _ = os.Lstat(path)
	}
	unixFiles.byKey[key] = f
	return f, s, nil
}

// release gives up l's part. The last one removes the file, unless it is somebody else's by now.
func (f *unixFile) release(l *Loop) {
	unixFiles.Lock()
	defer unixFiles.Unlock()
	if delete(f.sockets, l); len(f.sockets) > 0 {
		return
	}
	delete(unixFiles.byKey, f.key)
	if f.info == nil {
		return
	}
	if now, err := os.Lstat(f.path); err == nil && os.SameFile(now, f.info) {
		_ = os.Remove(f.path)
	}
}

// isAbstract reports whether a path is in Linux's abstract name space.
func isAbstract(path string) bool { return path != "" && path[0] == '@' }

// Unix reports whether c is a Unix socket, which has no addresses.
func (c *Conn) Unix() bool { return c.has(isUnix) }

// PeerCred tells which process made a connection to a Unix socket.
type PeerCred struct{ PID, UID, GID int }

// setMode changes the permissions of the socket's file, if o asks for others than before.
func (ln *Listener) setMode(o ListenOptions) {
	if ln.path == "" || isAbstract(ln.path) || ln.closed || o.UnixMode == 0 || o.UnixMode == ln.opts.UnixMode {
		return
	}
	if err := os.Chmod(ln.path, o.UnixMode.Perm()); err != nil {
		ln.loop.opts.Logf("cannot change the mode of %s: %v", ln.path, err)
	}
}
