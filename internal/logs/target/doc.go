// Package target is where loggers of scripts write to: files, the standard streams, syslog, HTTP servers.
//
// A Target takes records without ever waiting: a goroutine of its own delivers them. What waits is bounded; beyond that, and
// when a target fails, records are dropped and counted in the metric weir_log_dropped_records. Everything may be used from
// any goroutine.
package target
