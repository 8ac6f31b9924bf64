//go:build linux

package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// messages are what pump sends, and how it knows the answers.
type messages struct {
	preface []byte // sent first, if not empty
	until   []byte // what the answer to the preface ends with
	message []byte
	suffix  []byte // what the answer to a message ends with
	batch   int    // messages sent at a time
}

// hexBytes is a flag of bytes in hexadecimal.
type hexBytes []byte

func (h *hexBytes) String() string { return hex.EncodeToString(*h) }

func (h *hexBytes) Set(s string) (err error) {
	*h, err = hex.DecodeString(s)
	return err
}

// pump sends messages in batches and waits for the answers to a batch before it sends the next. All answers must be as the
// first.
func pump(addr string, conns int, m messages, length time.Duration) (result, error) {
	if m.batch < 1 || len(m.message) == 0 || len(m.suffix) == 0 {
		return result{}, errors.New("pump needs -message, -suffix and -batch")
	}
	p, err := newPoll()
	if err != nil {
		return result{}, err
	}
	batch := bytes.Repeat(m.message, m.batch)
	received := map[int]int{} // descriptor → bytes of the current batch of answers
	var want []byte
	for range conns {
		c, answer, err := m.open(addr)
		if err != nil {
			return result{}, err
		}
		defer c.Close()
		if want == nil {
			want = bytes.Repeat(answer, m.batch)
		}
		raw, err := c.SyscallConn()
		if err != nil {
			return result{}, err
		}
		if err := raw.Control(func(fd uintptr) {
			received[int(fd)] = 0
			err = p.add(int(fd), unix.EPOLLIN)
		}); err != nil {
			return result{}, err
		}
		if err != nil {
			return result{}, err
		}
		_ = c.SetDeadline(time.Time{})
	}
	for fd := range received {
		if err := send(fd, batch); err != nil {
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
			n, err := unix.Read(fd, buf)
			if err == unix.EAGAIN {
				continue
			}
			if err != nil || n == 0 {
				return res, errors.New("the server closed a connection")
			}
			got := received[fd]
			if got+n > len(want) || !bytes.Equal(buf[:n], want[got:got+n]) {
				return res, errors.New("an answer is not like the first")
			}
			if got += n; got == len(want) {
				res.Count += m.batch
				got = 0
				if err := send(fd, batch); err != nil {
					return res, err
				}
			}
			received[fd] = got
		}
	}
	res.Seconds = time.Since(start).Seconds()
	return res, nil
}

// open connects, sends the preface and one message, and returns the answer to that.
func (m *messages) open(addr string) (*net.TCPConn, []byte, error) {
	nc, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, nil, err
	}
	c := nc.(*net.TCPConn)
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if len(m.preface) > 0 {
		if _, err = exchangeOnce(c, m.preface, m.until); err != nil {
			c.Close()
			return nil, nil, fmt.Errorf("preface: %w", err)
		}
	}
	answer, err := exchangeOnce(c, m.message, m.suffix)
	if err != nil {
		c.Close()
		return nil, nil, fmt.Errorf("first message: %w", err)
	}
	return c, answer, nil
}

// exchangeOnce writes something and reads up to the end of the answer.
func exchangeOnce(c net.Conn, b, end []byte) (answer []byte, err error) {
	if _, err := c.Write(b); err != nil {
		return nil, err
	}
	one := make([]byte, 1)
	for !bytes.HasSuffix(answer, end) {
		if _, err := io.ReadFull(c, one); err != nil {
			return nil, fmt.Errorf("the answer begins with %.60q: %w", answer, err)
		}
		answer = append(answer, one[0])
	}
	return answer, nil
}

// send writes all of b. The descriptor does not block; a batch fits into what the system buffers.
func send(fd int, b []byte) error {
	n, err := unix.Write(fd, b)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if n < len(b) {
		return errors.New("write: a batch does not fit into the socket's buffer")
	}
	return nil
}

// spin keeps a CPU busy.
func spin(length time.Duration) result {
	start := time.Now()
	for time.Since(start) < length {
	}
	return result{Count: 1, Seconds: time.Since(start).Seconds()}
}
