//go:build linux

package proc

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Ports are taken from below Linux's range for outgoing connections, so that no client socket can sit on one.
const firstPort, lastPort = 10240, 32767

// ReservePort returns a port that is free on every address, for TCP and UDP, and that no other process using
// this function gets until release is called or this process ends. The port itself is left unbound.
func ReservePort() (port int, release func(), err error) {
	dir := filepath.Join(os.TempDir(), "weir-ports-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, nil, fmt.Errorf("reserve a port: %w", err)
	}
	const count = lastPort - firstPort + 1
	offset := rand.IntN(count)
	for i := range count {
		port := firstPort + (offset+i)%count
		lock, err := lockFile(filepath.Join(dir, strconv.Itoa(port)))
		if err != nil {
			return 0, nil, fmt.Errorf("reserve a port: %w", err)
		}
		if lock == nil {
			continue
		}
		if free(port) {
			return port, func() { _ = lock.Close() }, nil
		}
		_ = lock.Close()
	}
	return 0, nil, errors.New("reserve a port: none is free")
}

// lockFile returns nil without an error when somebody else holds the lock.
// The file stays: removing it would let two processes lock two files of one name.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, err
}

func free(port int) bool {
	address := ":" + strconv.Itoa(port)
	tcp, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", address)
	if err != nil {
		return false
	}
	udp.Close()
	return true
}
