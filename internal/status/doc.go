// Package status has what a process tells about itself: the status that instances report to a repo, and the dump for people
// who look for the cause of a problem. Host is how the admin service sees the process.
package status
