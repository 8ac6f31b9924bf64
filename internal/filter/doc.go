// Package filter has the filters pipelines are built of, one file each, named as the builder method is. Importing the
// package registers them.
//
// Files that are no filter hold what several share: gate (waiting for promises), collector (bodies of messages), route
// (sub-pipelines chosen by the input), pool (sessions of mux filters), sequence (outputs of demux filters in order),
// history (recorded input).
package filter
