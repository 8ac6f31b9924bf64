//go:build linux

package main

import (
	"bytes"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// connect keeps conns connections in flight: open, one request, read to the server's close, close, open again.
// The request is only written once the connection is established.
func connect(addr string, conns int, length time.Duration) (result, error) {
	to, err := sockaddr(addr)
	if err != nil {
		return result{}, err
	}
	p, err := newPoll()
	if err != nil {
		return result{}, err
	}
	request := []byte("GET / HTTP/1.1\r\nHost: " + addr + "\r\nConnection: close\r\n\r\n")
	answered := map[int]bool{} // descriptor in flight → its response was seen
	open := func() error {
		fd, err := dial(to)
		if err != nil {
			return err
		}
		answered[fd] = false
		// On loopback the handshake is over when connect returns, as a rule.
		if _, err := unix.Write(fd, request); err == nil {
			return p.add(fd, unix.EPOLLIN)
		}
		return p.add(fd, unix.EPOLLOUT)
	}
	for range conns {
		if err := open(); err != nil {
			return result{}, err
		}
	}

	var res result
	buf := make([]byte, 16<<10)
	start := time.Now()
	for time.Since(start) < length {
		events, err := p.wait()
		if err != nil {
			return res, fmt.Errorf("epoll_wait: %w", err)
		}
		for _, event := range events {
			fd := int(event.Fd)
			if event.Events&unix.EPOLLOUT != 0 {
				if _, err := unix.Write(fd, request); err == nil {
					err = unix.EpollCtl(p.fd, unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: event.Fd})
					if err != nil {
						return res, err
					}
					continue
				}
			}
			n, err := unix.Read(fd, buf)
			switch {
			case err == unix.EAGAIN:
				continue
			case err == nil && n > 0:
				if !answered[fd] {
					answered[fd] = bytes.HasPrefix(buf[:n], []byte("HTTP/1.1 200 "))
				}
				if n == len(buf) {
					continue
				}
				// The close is most often there already: save a turn through epoll.
				if n, err = unix.Read(fd, buf); err == unix.EAGAIN || n > 0 {
					continue
				}
			}
			if answered[fd] && err == nil {
				res.Count++
			} else {
				res.Errors++
			}
			unix.Close(fd)
			delete(answered, fd)
			if err := open(); err != nil {
				return res, err
			}
		}
	}
	res.Seconds = time.Since(start).Seconds()
	return res, nil
}
