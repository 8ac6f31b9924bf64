package cli

import (
	"strconv"
	"strings"

	"weir/internal/logs"
)

// Line lists the options in effect as the admin service shows them. There are no secrets among them.
func (c *Config) Line(level logs.Level, topics logs.Topic) string {
	var words []string
	add := func(name, value string) {
		if value != "" {
			words = append(words, name+"="+value)
		}
	}
	flag := func(name string, set bool) {
		if set {
			words = append(words, name)
		}
	}
	if c.Threads > 1 {
		add("--threads", strconv.Itoa(c.Threads))
	}
	add("--log-file", c.Log.File)
	add("--log-level", logs.FormatLevel(level, topics))
	add("--log-history-limit", strconv.Itoa(c.Log.HistoryLimit))
	add("--log-local", c.Log.Local.String())
	flag("--log-local-only", c.Log.LocalOnly)
	flag("--no-graph", c.NoGraph)
	flag("--no-status", c.NoStatus)
	flag("--no-metrics", c.NoMetrics)
	flag("--trace-objects", c.TraceObjects)
	flag("--force-start", c.ForceStart)
	add("--init-repo", c.Repo.Init)
	add("--init-code", c.Repo.InitCode)
	add("--instance-uuid", c.InstanceUUID)
	add("--instance-name", c.InstanceName)
	flag("--reuse-port", c.ReusePort)
	flag("--admin-port-off", !c.Admin.Open)
	add("--admin-port", c.Admin.Addr.String())
	add("--admin-gui", c.Admin.GUI)
	add("--admin-log-file", c.Admin.LogFile)
	return strings.Join(words, " ")
}
