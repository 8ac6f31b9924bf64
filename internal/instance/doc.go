// Package instance runs the codebase of a repo or a web server: it fetches it, keeps it in step, tells the repo how it is
// doing, and takes the repo's commands.
package instance
