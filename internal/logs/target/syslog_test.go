//go:build !windows && !plan9

package target

import (
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSyslog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	s := newSyslog(slices.Index(Priorities, "WARNING"), path)
	lost := counter(t)
	s.Write([]byte("nobody listens"), lost)
	eventually(t, "the loss of a record", func() bool { return lost.Value() == 1 })
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	n := uint64(1)
	eventually(t, "a connection", func() bool { // not before a while after the failure
		s.Write([]byte("hello\tworld"), lost)
		n++
		eventually(t, "the record to be done with", func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.bytes == 0
		})
		return lost.Value() < n
	})
	b := make([]byte, 1000)
	k, err := conn.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(b[:k]); !strings.HasPrefix(got, "<12>") || !strings.Contains(got, " weir[") || !strings.HasSuffix(got, ": hello\tworld\n") {
		t.Errorf("got %q", got)
	}
	finish(t, s)
}
