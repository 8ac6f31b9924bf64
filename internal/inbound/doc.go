// Package inbound is where connections come in: a worker's open ports and the pipelines that serve their connections.
//
// Ports belong to the worker and outlive worlds: a reload hands a port over to the new version without closing it.
package inbound
