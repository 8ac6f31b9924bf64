//go:build !windows && !plan9

package target

import (
	"log/syslog"
	"time"

	"weir/internal/logs"
)

// syslogTag is the name of the program in the records.
const syslogTag = "weir"

// redial is how long a syslog that cannot be reached is left alone.
const redial = time.Second

// newSyslog returns a target for a syslog: of the system, or at the path of a datagram socket.
func newSyslog(priority int, path string) *Target {
	return start("syslog", Limit, &syslogCarrier{priority: syslog.Priority(priority), path: path})
}

type syslogCarrier struct {
	priority syslog.Priority
	path     string
	w        *syslog.Writer
	failed   time.Time // the last attempt to connect
	failing  bool
}

func (s *syslogCarrier) carry(t *Target) {
	t.each(func(rs []record) {
		for i := range rs {
			if s.write(rs[i].text) {
				t.delivered(rs[i : i+1])
			} else {
				t.lost(rs[i : i+1])
			}
		}
	})
	if s.w != nil {
		s.w.Close()
	}
}

func (s *syslogCarrier) write(text []byte) bool {
	err := s.dial()
	if err == nil {
		if s.w == nil {
			return false
		}
		_, err = s.w.Write(text)
	}
	if err != nil && !s.failing {
		logs.Errorf("[syslog] cannot write to syslog: %v", err)
	}
	s.failing = err != nil
	return err == nil
}

func (s *syslogCarrier) dial() (err error) {
	if s.w != nil || time.Since(s.failed) < redial {
		return nil
	}
	network := ""
	if s.path != "" {
		network = "unixgram"
	}
	if s.w, err = syslog.Dial(network, s.path, s.priority|syslog.LOG_USER, syslogTag); err != nil {
		s.w, s.failed = nil, time.Now()
	}
	return err
}
