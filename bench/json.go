//go:build linux

package main

const (
	nameJSON       = "Go encoding/json"
	nameJSONString = "weir, strings"
)

// jsonDocument compares work on a JSON document: of bytes, and in scripts of strings besides.
func jsonDocument(e *env, t *table, path string) error {
	err := e.compare(t, []peer{gopeer(nameJSON, "json", 0), weir(nameWeir, "json.js", 0)}, [3]int{}, method{
		measure: func(port int) (count, error) { return ownLoad(e, "calls", "-addr", loopback(port), "-name", path) },
	})
	if err != nil {
		return err
	}
	return e.compare(t, []peer{weir(nameJSONString, "json.js", 0)}, [3]int{}, method{
		measure: func(port int) (count, error) {
			return ownLoad(e, "calls", "-addr", loopback(port), "-name", path+"-string")
		},
	})
}
