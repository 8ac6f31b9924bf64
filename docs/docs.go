// Package docs has the documentation for users, for the admin service to show.
package docs

import "embed"

// Files has the pages at their paths in this directory.
//
//go:embed *.md guide
var Files embed.FS
