package ui

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"weir/internal/api"
)

// namesOf is what the editor completes: [name, owner, signature] for everything scripts can use. The owner is "" of globals,
// "$" of filters, "X" of what is written X.name, and "X#" of members of objects of class X.
var namesOf = sync.OnceValue(func() []byte {
	var list [][3]string
	for _, row := range api.Surface() {
		switch row.Kind {
		case "cli", "endpoint", "option", "callback":
			continue
		}
		name, owner := row.Path, ""
		if filter, ok := strings.CutPrefix(name, "filter:"); ok {
			name, owner = filter, "$"
		} else if i := strings.LastIndexAny(name, ".#"); i > 0 {
			name, owner = name[i+1:], strings.TrimSuffix(name[:i+1], ".")
		}
		// Rows of other kinds have names that are written nowhere.
		if name != "" && !strings.ContainsAny(name, ":()<> ") {
			list = append(list, [3]string{name, owner, row.Signature})
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // impossible: they are strings
	}
	return text
})

func serveNames(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", types[".json"])
	_, _ = w.Write(namesOf()) // the client is gone: nobody is there to tell
}
