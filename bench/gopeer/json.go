package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// document is the same JSON text of 100 KB that weir/json.js makes.
func document() []byte {
	var list []string
	for i := range 650 {
		list = append(list, fmt.Sprintf(`{"active":%v,"address":{"city":"Zürich","zip":%d},"id":%d,"name":"user \"%d\"","parent":null,"path":"/users/%d.html","score":%d.5,"tags":["a","b","c"]}`,
			i%2 == 0, i, i, i, i, i%100))
	}
	return []byte("[" + strings.Join(list, ",") + "]")
}

// jsonDocument parses and prints a document with encoding/json, as many times for each request as weir/json.js.
func jsonDocument(l net.Listener) error {
	const calls = 50
	text := document()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return err
	}
	parse := func() error {
		var v []any
		err := json.Unmarshal(text, &v)
		if len(v) != 650 {
			return fmt.Errorf("%d records: %w", len(v), err)
		}
		return nil
	}
	print := func() error {
		b, err := json.Marshal(value)
		if len(b) != len(text) {
			return fmt.Errorf("%d bytes instead of %d: %w", len(b), len(text), err)
		}
		return nil
	}
	return serve(l, repeat(calls, map[string]func() error{"/parse": parse, "/print": print}))
}

// repeat makes a call so many times for each request to its path, and answers with their number.
func repeat(calls int, work map[string]func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f := work[r.URL.Path]
		if f == nil {
			http.NotFound(w, r)
			return
		}
		for range calls {
			if err := f(); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
		fmt.Fprint(w, calls)
	}
}
