package osapi

import "weir/internal/script"

// stats is the Go value of a Stats object.
type stats struct {
	size                int64
	atime, mtime, ctime float64 // seconds since the epoch
	kind                fileKind
}

type fileKind uint8

const (
	otherFile fileKind = iota
	regularFile
	directory
	characterDevice
	blockDevice
	fifo
	symbolicLink
	socket
)

var statsClass = &script.Class{
	Name: "Stats", Path: "os.Stats",
	Props: []script.Prop{
		statsNumber("size", func(s *stats) float64 { return float64(s.size) }),
		statsNumber("atime", func(s *stats) float64 { return s.atime }),
		statsNumber("mtime", func(s *stats) float64 { return s.mtime }),
		statsNumber("ctime", func(s *stats) float64 { return s.ctime }),
	},
	Methods: []script.Method{
		isKind("isFile", regularFile),
		isKind("isDirectory", directory),
		isKind("isCharacterDevice", characterDevice),
		isKind("isBlockDevice", blockDevice),
		isKind("isFIFO", fifo),
		isKind("isSymbolicLink", symbolicLink),
		isKind("isSocket", socket),
	},
}

func statsNumber(name string, get func(*stats) float64) script.Prop {
	return script.Prop{Name: name, Sig: "number", Get: func(c *script.Call) (script.Value, error) {
		return script.Number(get(script.This[*stats](c))), nil
	}}
}

func isKind(name string, k fileKind) script.Method {
	return script.Method{Name: name, Sig: "() => boolean", Fn: func(c *script.Call) (script.Value, error) {
		return script.Bool(script.This[*stats](c).kind == k), nil
	}}
}

// stat follows symbolic links.
func stat(c *script.Call, path string) (script.Value, error) {
	s, err := readStats(path)
	if err != nil {
		return script.Null, nil
	}
	return c.NewObjectOf(statsClass, s), nil
}
