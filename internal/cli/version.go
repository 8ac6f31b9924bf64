package cli

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// Build identifies the executable. Scripts see it as pipy.version.
type Build struct {
	Version string // release, such as "1.2.0"
	Commit  string // revision of the source, "" if unknown
	Date    string // of that revision, RFC 3339, "" if unknown

	Codebases bool   // some are compiled in
	Options   string // options that come before the user's, "" for none
}

// ReadBuild completes a release number with what the Go tool recorded when it compiled the executable.
func ReadBuild(version string) Build {
	b := Build{Version: version}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		}
	}
	return b
}

// Block is the text for --version: lines of a label padded to 17 columns, " : " and a value.
func (b Build) Block() string {
	host := runtime.GOOS + "/" + runtime.GOARCH
	if name, err := os.Hostname(); err == nil {
		host += " " + name
	}
	var out strings.Builder
	codebases := "No"
	if b.Codebases {
		codebases = "Yes"
	}
	lines := [][2]string{
		{"Version", b.Version},
		{"Commit", b.Commit},
		{"Commit Date", b.Date},
		{"Host", host},
		{"TLS", "crypto/tls of " + runtime.Version()},
		{"Builtin GUI", "Yes"},
		{"Builtin Codebases", codebases},
	}
	if b.Options != "" {
		lines = append(lines, [2]string{"Default Options", b.Options})
	}
	for _, line := range lines {
		fmt.Fprintf(&out, "%-17s: %s\n", line[0], line[1])
	}
	return out.String()
}
