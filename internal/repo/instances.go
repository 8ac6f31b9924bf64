package repo

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"weir/internal/metrics"
)

const (
	expiryInterval = 5 * time.Second
	expiryAge      = 60 * time.Second // of an instance that nothing is heard of
)

var errTooManyInstances = &Error{http.StatusServiceUnavailable, "Too many instances"}

// Instances is the table of processes that run codebases of a repo, kept in memory. It may be used from any goroutine.
type Instances struct {
	limit int

	mu     sync.Mutex
	byUUID map[string]*instance
	last   int // index given last
	closed bool
}

// instance is a process that has reported or opened a link.
type instance struct {
	uuid  string
	index int

	// The following is guarded by the mutex of the table.
	codebase string
	seen     time.Time // when it was last heard of
	link     *link
	watches  map[*LogWatch]struct{}

	mu        sync.Mutex // guards the following
	ip        string
	timestamp int64 // ms, of the last report
	status    status
	mirror    metrics.Mirror
	history   metrics.History
}

// status is what an instance reports of itself, its metrics aside.
type status struct {
	Timestamp json.RawMessage `json:"timestamp,omitempty"`
	Since     json.RawMessage `json:"since,omitempty"`
	UUID      string          `json:"uuid"`
	Name      string          `json:"name"`
	IP        string          `json:"ip"`
	Version   string          `json:"version"`
	Modules   json.RawMessage `json:"modules,omitempty"`
	Logs      []string        `json:"logs"`
}

func newInstances(limit int) *Instances {
	return &Instances{limit: limit, byUUID: map[string]*instance{}}
}

// touch returns the instance of an id, which is new or has moved to another codebase perhaps.
func (t *Instances) touch(uuid, codebase string) (*instance, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.touchLocked(uuid, codebase)
}

func (t *Instances) touchLocked(uuid, codebase string) (*instance, error) {
	if t.closed {
		return nil, errClosed
	}
	i := t.byUUID[uuid]
	if i == nil {
		if len(t.byUUID) >= t.limit {
			return nil, errTooManyInstances
		}
		t.last++
		i = &instance{uuid: uuid, index: t.last, watches: map[*LogWatch]struct{}{}, status: status{UUID: uuid, Logs: []string{}}}
		t.byUUID[uuid] = i
	}
	i.codebase, i.seen = codebase, time.Now()
	return i, nil
}

// report takes a status report in. It returns whether it had metrics that could be taken too.
func (t *Instances) report(codebase, ip string, body []byte) (withMetrics bool, err error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return false, invalid("Invalid JSON")
	}
	s := status{
		Timestamp: number(members["timestamp"]), Since: number(members["since"]),
		UUID: str(members["uuid"]), Name: str(members["name"]), IP: str(members["ip"]), Version: str(members["version"]),
		Logs: []string{},
	}
	if m := members["modules"]; len(m) > 0 && m[0] == '{' {
		s.Modules = m
	}
	for _, l := range elements(members["logs"]) {
		s.Logs = append(s.Logs, str(l))
	}
	if s.UUID == "" || len(s.UUID) > maxPath || strings.Contains(s.UUID, "/") {
		return false, invalid("Invalid instance uuid")
	}
	i, err := t.touch(s.UUID, codebase)
	if err != nil {
		return false, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ip, i.timestamp, i.status = ip, time.Now().UnixMilli(), s
	m := members["metrics"]
	if m == nil || i.mirror.Apply(m) != nil {
		return false, nil
	}
	i.history.Add(i.mirror.Metrics("", ""))
	return true, nil
}

// str reads a string, or a number as one; anything else is empty.
func str(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(number(raw))
}

// number returns a number as it is, nil if it is none.
func number(raw json.RawMessage) json.RawMessage {
	var n float64
	if len(raw) == 0 || raw[0] == 'n' || json.Unmarshal(raw, &n) != nil {
		return nil
	}
	return raw
}

func elements(raw json.RawMessage) []json.RawMessage {
	var l []json.RawMessage
	if json.Unmarshal(raw, &l) != nil {
		return nil
	}
	return l
}

// all returns the instances of a codebase, or all, sorted by index.
func (t *Instances) all(codebase string) []*instance {
	t.mu.Lock()
	defer t.mu.Unlock()
	byIndex := make(map[int]*instance, len(t.byUUID))
	for _, i := range t.byUUID {
		if codebase == "" || i.codebase == codebase {
			byIndex[i.index] = i
		}
	}
	list := make([]*instance, 0, len(byIndex))
	for _, index := range sortedKeys(byIndex) {
		list = append(list, byIndex[index])
	}
	return list
}

// listed is an instance as editors see it.
type listed struct {
	IP        string `json:"ip"`
	Timestamp int64  `json:"timestamp"`
	Status    status `json:"status"`
}

// byIndex are instances with their index as the name of a member, in its order.
type byIndex []*instance

func (l byIndex) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for k, i := range l {
		i.mu.Lock()
		j, err := json.Marshal(listed{i.ip, i.timestamp, i.status})
		i.mu.Unlock()
		if err != nil {
			return nil, err
		}
		if k > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, strconv.Itoa(i.index)), ':')
		b = append(b, j...)
	}
	return append(b, '}'), nil
}

// of returns the instances of a codebase for JSON.
func (t *Instances) of(codebase string) byIndex { return t.all(codebase) }

func (t *Instances) get(uuid string) *instance {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byUUID[uuid]
}

// Metrics returns the metrics of all instances as they were reported last, with the name of the instance, or its index if it
// has none, as their first label.
func (t *Instances) Metrics() []*metrics.Metric {
	var all []*metrics.Metric
	for _, i := range t.all("") {
		i.mu.Lock()
		label := i.status.Name
		if label == "" {
			label = strconv.Itoa(i.index)
		}
		all = append(all, i.mirror.Metrics("instance", label)...)
		i.mu.Unlock()
	}
	return all
}

// WriteMetrics prints the metrics of this process, which the caller has collected, and those of all instances.
func (t *Instances) WriteMetrics(w io.Writer, f metrics.Format, local []*metrics.Metric) error {
	return metrics.Write(w, f, append(local[:len(local):len(local)], t.Metrics()...))
}

// MetricHistory returns the history of all metrics of an instance, or of one, as JSON; ok is false if there is no such instance.
func (t *Instances) MetricHistory(uuid, name string) (history []byte, ok bool) {
	i := t.get(uuid)
	if i == nil {
		return nil, false
	}
	return i.history.AppendJSON(nil, name), true
}

// reload has all linked instances of a codebase load its new version.
func (t *Instances) reload(codebase string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, i := range t.byUUID {
		if i.codebase == codebase && i.link != nil {
			i.link.send("reload")
		}
	}
}

// expire forgets instances that nothing was heard of for a while, are not linked, and have no viewers of their logs.
func (t *Instances) expire(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for uuid, i := range t.byUUID {
		if i.link == nil && len(i.watches) == 0 && now.Sub(i.seen) > expiryAge {
			delete(t.byUUID, uuid)
		}
	}
}

func (t *Instances) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, i := range t.byUUID {
		if i.link != nil {
			i.link.cancel()
		}
		for w := range i.watches {
			t.end(w)
		}
	}
}

// report answers a status report to CODEBASE/.
func (h *Handler) report(w http.ResponseWriter, req *http.Request, path string) {
	name, ok := strings.CutSuffix(path, "/")
	if ok {
		var err error
		if ok, err = h.Repo.exists(req.Context(), name); err != nil {
			h.fail(w, req, err)
			return
		}
	}
	if !ok {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := readBody(w, req, h.Repo.options.MaxReportSize)
	if err != nil {
		h.fail(w, req, err)
		return
	}
	withMetrics, err := h.Repo.instances.report(name, remoteIP(req), body)
	switch {
	case errors.Is(err, errClosed):
		w.WriteHeader(http.StatusServiceUnavailable)
	case err != nil:
		h.fail(w, req, err)
	case withMetrics:
		w.WriteHeader(http.StatusPartialContent)
	default:
		w.WriteHeader(http.StatusCreated)
	}
}
