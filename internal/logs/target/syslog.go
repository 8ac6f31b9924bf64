package target

import (
	"slices"
	"sync"
)

// Priorities are the names of the importance of syslog records, in the order of their numbers.
var Priorities = []string{"EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG"}

var syslogs struct {
	sync.Mutex
	byPriority map[string]*Target
}

// Syslog returns the target that sends records to the syslog of the system with one of Priorities.
func Syslog(priority string) *Target {
	syslogs.Lock()
	defer syslogs.Unlock()
	if t := syslogs.byPriority[priority]; t != nil {
		return t
	}
	if syslogs.byPriority == nil {
		syslogs.byPriority = map[string]*Target{}
	}
	t := newSyslog(slices.Index(Priorities, priority), "")
	syslogs.byPriority[priority] = t
	return t
}
