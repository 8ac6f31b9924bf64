//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// exchange runs an echo server and its clients in one loop; only what lies between them is measured.
func exchange(addr, echoAddr string, conns, size int, length time.Duration) (result, error) {
	to, err := sockaddr(addr)
	if err != nil {
		return result{}, err
	}
	echo, err := sockaddr(echoAddr)
	if err != nil {
		return result{}, err
	}
	p, err := newPoll()
	if err != nil {
		return result{}, err
	}
	listener, err := listen(echo)
	if err != nil {
		return result{}, err
	}
	if err := p.add(listener, unix.EPOLLIN); err != nil {
		return result{}, err
	}
	message := bytes.Repeat([]byte("weir"), size/4+1)[:size]
	received := map[int]int{} // client descriptor → bytes of the current answer
	for range conns {
		fd, err := dial(to)
		if err != nil {
			return result{}, err
		}
		noDelay(fd)
		received[fd] = -1
		if err := p.add(fd, unix.EPOLLOUT|unix.EPOLLONESHOT); err != nil {
			return result{}, err
		}
	}

	var res result
	buf := make([]byte, 64<<10)
	start := time.Now()
	for time.Since(start) < length {
		events, err := p.wait()
		if err != nil {
			return res, fmt.Errorf("epoll_wait: %w", err)
		}
		for _, event := range events {
			fd := int(event.Fd)
			if fd == listener {
				if err := acceptEcho(p, listener); err != nil {
					return res, err
				}
				continue
			}
			got, client := received[fd]
			if client && got < 0 { // connected: the first message
				if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: event.Fd}); err != nil {
					return res, err
				}
				if _, err := unix.Write(fd, message); err != nil {
					return res, fmt.Errorf("first message: %w", err)
				}
				received[fd] = 0
				continue
			}
			n, err := unix.Read(fd, buf)
			if err == unix.EAGAIN {
				continue
			}
			if err != nil || n == 0 {
				if client {
					return res, errors.New("the server closed a connection")
				}
				unix.Close(fd)
				continue
			}
			if !client {
				_, err = unix.Write(fd, buf[:n])
			} else if !bytes.Equal(buf[:n], message[got:min(got+n, size)]) {
				return res, errors.New("the answer is not what was sent")
			} else if got += n; got == size {
				res.Count++
				received[fd] = 0
				_, err = unix.Write(fd, message)
			} else {
				received[fd] = got
			}
			if err != nil {
				return res, fmt.Errorf("write: %w", err)
			}
		}
	}
	res.Seconds = time.Since(start).Seconds()
	for _, got := range received {
		if got < 0 {
			return res, errors.New("a connection was never established")
		}
	}
	return res, nil
}

func acceptEcho(p *poll, listener int) error {
	for {
		fd, _, err := unix.Accept4(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err == unix.EAGAIN {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		noDelay(fd)
		if err := p.add(fd, unix.EPOLLIN); err != nil {
			return err
		}
	}
}
