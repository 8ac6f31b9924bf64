package repo

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const (
	linkQueue      = 256              // commands that wait for an instance to take them
	linkTimeout    = 10 * time.Second // for an instance to take a command
	maxLinkMessage = 64 << 20         // bytes of a message of an instance: the whole history of a log
)

// link is the connection of an instance over which it gets commands and sends its logs.
type link struct {
	out    chan string
	cancel context.CancelFunc
}

// send queues a command. An instance that does not take its commands loses the link, and opens another one.
func (l *link) send(command string) {
	select {
	case l.out <- command:
	default:
		l.cancel()
	}
}

// isUpgrade reports whether a request wants to go on as a WebSocket.
func isUpgrade(req *http.Request) bool { return req.Header.Get("Upgrade") == "websocket" }

// serveLink serves the link of an instance at CODEBASE/UUID until it ends.
func (h *Handler) serveLink(w http.ResponseWriter, req *http.Request, path string) {
	if req.Header.Get("Sec-WebSocket-Key") == "" {
		w.WriteHeader(http.StatusOK)
		return
	}
	slash := strings.LastIndexByte(path, '/')
	codebase, uuid := path[:slash], path[slash+1:]
	if uuid == "" || len(path) > 2*maxPath {
		h.fail(w, req, invalid("Invalid instance uuid"))
		return
	}
	table := h.Repo.instances
	if _, err := table.touch(uuid, codebase); err != nil {
		h.fail(w, req, err)
		return
	}
	conn, err := websocket.Accept(w, req, nil)
	if err != nil {
		return // it has been answered
	}
	conn.SetReadLimit(maxLinkMessage)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l := &link{out: make(chan string, linkQueue), cancel: cancel}
	i, err := table.attach(uuid, codebase, l)
	if err != nil {
		_ = conn.Close(websocket.StatusTryAgainLater, err.Error())
		return
	}
	defer table.detach(i, l)
	go func() {
		defer cancel()
		for {
			select {
			case command := <-l.out:
				wctx, done := context.WithTimeout(ctx, linkTimeout)
				err := conn.Write(wctx, websocket.MessageText, []byte(command))
				done()
				if err != nil {
					return
				}
			case <-ctx.Done():
				_ = conn.CloseNow()
				return
			}
		}
	}()
	for {
		_, message, err := conn.Read(ctx)
		if err != nil {
			return
		}
		table.receive(i, string(message))
	}
}

// attach makes a link the one of an instance, in place of an earlier one.
func (t *Instances) attach(uuid, codebase string, l *link) (*instance, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, err := t.touchLocked(uuid, codebase)
	if err != nil {
		return nil, err
	}
	if i.link != nil {
		i.link.cancel()
	}
	i.link = l
	for w := range i.watches {
		l.send("log/on/" + w.name)
		if w.started && !w.tailed {
			l.send("log/tail/" + w.name)
		}
	}
	return i, nil
}

func (t *Instances) detach(i *instance, l *link) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i.link == l {
		i.link = nil
		i.seen = time.Now()
	}
}

// receive handles a message of an instance: a command, and after the first line end what it comes with.
func (t *Instances) receive(i *instance, message string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i.seen = time.Now()
	command, payload, _ := strings.Cut(message, "\n")
	if name, ok := strings.CutPrefix(command, "log-tail/"); ok {
		for w := range i.watches {
			if w.name == name && w.started && !w.tailed {
				w.tailed = true
				t.deliver(w, payload)
			}
		}
		return
	}
	name, ok := strings.CutPrefix(command, "log/")
	if !ok {
		return // the empty message that an instance begins with, or something of a later version
	}
	watched := false
	for w := range i.watches {
		if w.name == name {
			watched = true
			if w.tailed {
				t.deliver(w, payload)
			}
		}
	}
	if !watched && i.link != nil {
		i.link.send("log/off/" + name)
	}
}
