package pipeline

import (
	"time"

	"weir/internal/reactor"
	"weir/internal/script"
)

// SocketOptions reads the options that listen and connect have in common.
func SocketOptions(o *script.Options) reactor.SocketOptions {
	return reactor.SocketOptions{
		ReadTimeout:     o.Duration("readTimeout", 0),
		WriteTimeout:    o.Duration("writeTimeout", 0),
		IdleTimeout:     o.Duration("idleTimeout", time.Minute),
		CongestionLimit: o.Size("congestionLimit", 1<<20),
		BufferLimit:     o.Size("bufferLimit", 0),
		KeepAlive:       o.Bool("keepAlive", true),
		NoDelay:         o.Bool("noDelay", true),
	}
}

// SocketRows lists them for the surface, for a function or filter of the given name.
func SocketRows(name string) []script.Row {
	var rows []script.Row
	for _, r := range [][2]string{
		{"readTimeout", "seconds = 0"}, {"writeTimeout", "seconds = 0"}, {"idleTimeout", "seconds = 60"},
		{"congestionLimit", "size = 1m"}, {"bufferLimit", "size = 0"},
		{"keepAlive", "boolean = true"}, {"noDelay", "boolean = true"},
	} {
		rows = append(rows, script.Row{Path: "option:" + name + "." + r[0], Kind: "option", Signature: r[1]})
	}
	return rows
}

// Socketed is an Input that writes straight into a socket, or a source that reads straight from one: pipelines between two
// of them that nobody looks into are short-circuited.
type Socketed interface{ Conn() *reactor.Conn }
