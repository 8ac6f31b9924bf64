package instance

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"

	"weir/internal/metrics"
	"weir/internal/worker"
)

const (
	reportInterval = 5 * time.Second
	reportTimeout  = 30 * time.Second
)

// report sends the status every few seconds, the first time at once. A server that does not want it is no error.
func (i *Instance) report(ctx context.Context) {
	tick := time.NewTicker(i.interval)
	defer tick.Stop()
	var r reporter
	for {
		r.send(ctx, i)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// reporter remembers what the server knows.
type reporter struct {
	prog     *worker.Program
	metrics  *metrics.Reporter
	accepted bool // the last report was: the next need not be complete
	ip       string
}

func (r *reporter) send(ctx context.Context, i *Instance) {
	s := i.o.Manager.Status()
	s.IP = r.ip
	if prog := i.o.Manager.Current(); !i.o.NoMetrics && prog != nil {
		if prog != r.prog {
			r.prog, r.metrics, r.accepted = prog, metrics.NewReporter(prog.Hub()), false
		}
		s.Metrics = r.metrics.Report(!r.accepted)
	}
	body, err := json.Marshal(s)
	if err != nil {
		i.o.Log.Errorf("[status] %v", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if host, _, err := net.SplitHostPort(info.Conn.LocalAddr().String()); err == nil {
			r.ip = host
		}
	}})
	r.accepted = false
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, i.o.URL, bytes.NewReader(body))
	if err != nil {
		return // the URL was good for the codebase
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "")
	i.authorize(req.Header)
	res, err := i.o.Client.Do(req)
	if err != nil {
		return // the poll says so
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	r.accepted = res.StatusCode == http.StatusPartialContent
}

func (i *Instance) authorize(h http.Header) {
	if i.o.Token != "" {
		h.Set("Authorization", "Bearer "+i.o.Token)
	}
}
