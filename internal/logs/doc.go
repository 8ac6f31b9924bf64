// Package logs is the system log: what the engine reports and what scripts print with console.
//
// A Logger writes lines of the form
//
//	2026-01-31 12:00:00.000 [INF] text
//
// or, with Options.JSON, one JSON object a line with the members time, level, category and message,
// to standard output or error, to a file that it rotates, and to a history in memory. File and History also serve
// other logs. Everything may be used from any goroutine.
package logs
