package admin

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"

	"weir/internal/logs"
	"weir/internal/logs/target"
	"weir/internal/repo"
)

func (s *Server) systemLog(w http.ResponseWriter, _ *http.Request, _ string) {
	write(w, http.StatusOK, "text/plain", s.opts.Log.History())
}

func (s *Server) namedLog(w http.ResponseWriter, r *http.Request, name string) {
	switch {
	case name == logs.SystemName:
		s.systemLog(w, r, "")
	case slices.Contains(target.Histories(), name):
		write(w, http.StatusOK, "text/plain", target.History(name).Bytes())
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// Limits of viewers of a log.
const (
	viewerMessage = 4 << 10          // bytes of a message of theirs
	viewerWrite   = 20 * time.Second // for taking a record
	viewerPing    = 30 * time.Second
)

// watchLog serves /api/v1/log/UUID/NAME: a WebSocket whose client says "watch\n", and gets the history of the log in one
// message, then each record. An empty UUID stands for this process.
func (s *Server) watchLog(w http.ResponseWriter, r *http.Request, rest string) {
	uuid, name, ok := strings.Cut(rest, "/")
	if !ok || !strings.EqualFold(r.Header.Get("upgrade"), "websocket") {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	local := uuid == "" || uuid == s.opts.UUID
	var remote *repo.LogWatch
	switch {
	case local:
		if name != logs.SystemName && !slices.Contains(target.Histories(), name) {
			w.WriteHeader(http.StatusNotFound)
			return
		}
	case s.opts.Repo == nil:
		w.WriteHeader(http.StatusNotFound)
		return
	default:
		var err error
		if remote, err = s.opts.Repo.Instances().Watch(uuid, name); err != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		defer remote.Close()
	}
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // Accept has answered
	}
	defer c.CloseNow()
	c.SetReadLimit(viewerMessage)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	watching := make(chan struct{})
	go func() {
		defer cancel() // the viewer has gone
		for begun := false; ; {
			kind, b, err := c.Read(ctx)
			if err != nil {
				return
			}
			if !begun && kind == websocket.MessageText && strings.TrimSpace(string(b)) == "watch" {
				begun = true
				close(watching)
			}
		}
	}()
	go func() {
		tick := time.NewTicker(viewerPing)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if c.Ping(ctx) != nil {
					cancel()
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	select {
	case <-watching:
	case <-ctx.Done():
		return
	}
	send := func(records []byte) error {
		ctx, cancel := context.WithTimeout(ctx, viewerWrite)
		defer cancel()
		return c.Write(ctx, websocket.MessageText, []byte(strings.ToValidUTF8(string(records), "\uFFFD")))
	}
	if local {
		s.follow(ctx, name, send)
		return
	}
	remote.Start()
	for {
		select {
		case frame, ok := <-remote.Frames():
			if !ok || send(frame) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// follow sends what a log of this process has and gets.
func (s *Server) follow(ctx context.Context, name string, send func([]byte) error) {
	var f *logs.Follower
	if name == logs.SystemName {
		f = s.opts.Log.Follow()
	} else {
		f = target.History(name).Follow()
	}
	defer f.Close()
	for {
		select {
		case <-f.Ready:
		case <-ctx.Done():
			return
		}
		for _, record := range f.Take() {
			if send(record) != nil {
				return
			}
		}
	}
}
