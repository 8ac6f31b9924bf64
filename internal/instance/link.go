package instance

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"weir/internal/logs"
	"weir/internal/logs/target"
)

const (
	maxCommand  = 64 << 10         // bytes
	sendTimeout = 10 * time.Second // for a message to be taken
)

// holdLink keeps the connection for the repo's commands open. A server that has none is no error.
func (i *Instance) holdLink(ctx context.Context) {
	tick := time.NewTicker(i.interval)
	defer tick.Stop()
	for {
		i.serveLink(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// link is one connection for commands.
type link struct {
	i       *Instance
	conn    *websocket.Conn
	streams map[string]context.CancelFunc // logs that are being sent, by name
	sending sync.WaitGroup
}

// serveLink opens the connection and does what comes over it until it ends.
func (i *Instance) serveLink(ctx context.Context) {
	header := http.Header{}
	i.authorize(header)
	dialing, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	conn, _, err := websocket.Dial(dialing, strings.TrimRight(i.o.URL, "/")+"/"+url.PathEscape(i.o.UUID),
		&websocket.DialOptions{HTTPClient: i.o.Client, HTTPHeader: header})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxCommand)
	l := &link{i: i, conn: conn, streams: map[string]context.CancelFunc{}}
	ctx, end := context.WithCancel(ctx)
	defer l.sending.Wait()
	defer end()
	if l.send(ctx, "") != nil { // says who this is
		return
	}
	for {
		_, message, err := conn.Read(ctx)
		if err != nil {
			return
		}
		command, _, _ := strings.Cut(string(message), "\n")
		l.obey(ctx, command)
	}
}

func (l *link) send(ctx context.Context, message string) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return l.conn.Write(ctx, websocket.MessageText, []byte(message))
}

// obey does what a command says. Unknown ones are for later versions.
func (l *link) obey(ctx context.Context, command string) {
	if command == "reload" {
		l.i.demand()
		return
	}
	if name, ok := strings.CutPrefix(command, "log/on/"); ok {
		l.stream(ctx, name)
	} else if name, ok := strings.CutPrefix(command, "log/off/"); ok {
		if stop := l.streams[name]; stop != nil {
			stop()
			delete(l.streams, name)
		}
	} else if name, ok := strings.CutPrefix(command, "log/tail/"); ok {
		_ = l.send(ctx, "log-tail/"+name+"\n"+l.tail(name)) // reading ends with the connection too
	}
}

// tail is the history of a log, "" if there is none.
func (l *link) tail(name string) string {
	switch {
	case name == logs.SystemName:
		return string(l.i.o.Log.History())
	case slices.Contains(target.Histories(), name):
		return string(target.History(name).Bytes())
	}
	return ""
}

// stream sends the records of a log from now on. Nothing comes of one that has not been written to.
func (l *link) stream(ctx context.Context, name string) {
	if l.streams[name] != nil {
		return
	}
	var records *logs.Follower
	switch {
	case name == logs.SystemName:
		records = l.i.o.Log.Follow()
	case slices.Contains(target.Histories(), name):
		records = target.History(name).Follow()
	default:
		return
	}
	records.Take() // the history is sent when it is asked for
	ctx, stop := context.WithCancel(ctx)
	l.streams[name] = stop
	l.sending.Go(func() {
		defer records.Close()
		for {
			select {
			case <-ctx.Done():
				return
			case <-records.Ready:
			}
			for _, record := range records.Take() {
				if l.send(ctx, "log/"+name+"\n"+string(record)) != nil {
					return
				}
			}
		}
	})
}
