package codebase

import (
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watchOptions are for tests; zero values mean the defaults.
type watchOptions struct {
	quiet    time.Duration // how long nothing must happen before a burst of events counts as over
	longest  time.Duration // how long a burst may last
	poll     time.Duration // how often to look without being notified; negative: never
	noNotify bool          // behave as on a system without notification
}

const (
	defaultQuiet   = 50 * time.Millisecond
	defaultLongest = time.Second
	// Even with notification some changes are only found by looking: those made by other machines on a network file
	// system, and a symbolic link to the root that is pointed elsewhere.
	pollNotified   = 5 * time.Second
	pollUnnotified = time.Second
)

// dirWatcher finds changes below one directory for any number of subscriptions. A notification only says that it is
// time to look; what changed is found by comparing snapshots. So bursts, lost events and renames need no special care.
// It holds a goroutine and an inotify instance while there are subscriptions.
type dirWatcher struct {
	root    string
	options watchOptions

	mu            sync.Mutex
	subscriptions map[*subscription]struct{}
	notify        *fsnotify.Watcher // nil: not running, or polling only
	incomplete    bool              // a directory could not be registered
	stop          chan struct{}
}

type subscription struct {
	key     watchKey
	changed func(paths []string)
	last    snapshot
}

type watchKey struct {
	path string
	tree bool
}

func newDirWatcher(root string, options watchOptions) *dirWatcher {
	if options.quiet == 0 {
		options.quiet = defaultQuiet
	}
	if options.longest == 0 {
		options.longest = defaultLongest
	}
	return &dirWatcher{root: root, options: options, subscriptions: make(map[*subscription]struct{})}
}

func (w *dirWatcher) subscribe(path string, tree bool, changed func([]string)) (cancel func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.subscriptions) == 0 {
		w.start()
	}
	s := &subscription{key: watchKey{path, tree}, changed: changed}
	s.last = takeSnapshot(w.root, path, tree, w.register)
	w.subscriptions[s] = struct{}{}
	return func() { w.unsubscribe(s) }
}

func (w *dirWatcher) unsubscribe(s *subscription) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.subscriptions[s]; !ok {
		return
	}
	delete(w.subscriptions, s)
	if len(w.subscriptions) > 0 {
		return
	}
	close(w.stop)
	if w.notify != nil {
		w.notify.Close()
		w.notify = nil
	}
}

// start wants w.mu.
func (w *dirWatcher) start() {
	w.stop = make(chan struct{})
	w.incomplete = false
	if !w.options.noNotify {
		if n, err := fsnotify.NewWatcher(); err == nil {
			w.notify = n
		}
	}
	go w.run(w.notify, w.stop)
}

// register wants w.mu. It is called again for known directories, because one of the same name may have replaced the
// one that was registered.
func (w *dirWatcher) register(dir string) {
	if w.notify != nil && w.notify.Add(dir) != nil {
		w.incomplete = true
	}
}

func (w *dirWatcher) run(notify *fsnotify.Watcher, stop chan struct{}) {
	var events chan fsnotify.Event
	var errors chan error
	if notify != nil {
		events, errors = notify.Events, notify.Errors
	}
	var burst time.Time // start of the current burst; zero if there is none
	settled := time.NewTimer(0)
	settled.Stop()
	defer settled.Stop()
	poll := time.NewTimer(w.pollInterval())
	defer poll.Stop()

	for {
		select {
		case <-stop:
			return
		case _, ok := <-events:
			if !ok {
				return
			}
		case _, ok := <-errors: // events were lost: look
			if !ok {
				return
			}
		case <-settled.C:
			burst = time.Time{}
			w.look()
			continue
		case <-poll.C:
			w.look()
			poll.Reset(w.pollInterval())
			continue
		}
		now := time.Now()
		if burst.IsZero() {
			burst = now
		}
		settled.Reset(min(w.options.quiet, burst.Add(w.options.longest).Sub(now)))
	}
}

func (w *dirWatcher) pollInterval() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.options.poll < 0:
		return 1 << 62
	case w.options.poll > 0:
		return w.options.poll
	case w.notify == nil || w.incomplete:
		return pollUnnotified
	}
	return pollNotified
}

// look compares all subscriptions with the file system and reports what differs.
func (w *dirWatcher) look() {
	type report struct {
		changed func([]string)
		paths   []string
	}
	var reports []report

	w.mu.Lock()
	w.incomplete = false
	needed := make(map[string]bool)
	taken := make(map[watchKey]snapshot) // workers watch the same paths: look once
	for s := range w.subscriptions {
		next, ok := taken[s.key]
		if !ok {
			next = takeSnapshot(w.root, s.key.path, s.key.tree, func(dir string) {
				needed[dir] = true
				w.register(dir)
			})
			taken[s.key] = next
		}
		if paths := s.last.changes(next); len(paths) > 0 {
			reports = append(reports, report{s.changed, paths})
		}
		s.last = next
	}
	if w.notify != nil {
		for _, dir := range w.notify.WatchList() {
			if !needed[dir] {
				_ = w.notify.Remove(dir) // fails only if the system has removed it already
			}
		}
	}
	w.mu.Unlock()

	for _, r := range reports {
		r.changed(r.paths)
	}
}
