//go:build linux

package link

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// AnchorAt says where among the programs of a hook one goes: head or tail, or before, after or in the place of (replace) a
// *Link, an *ebpf.Program, or the program with an id. Only programs that have no link are replaced; links are updated.
func AnchorAt(where string, what any, id uint32) (link.Anchor, error) {
	switch where {
	case "head":
		return link.Head(), nil
	case "tail":
		return link.Tail(), nil
	}
	switch w := what.(type) {
	case *Link:
		var n link.ID
		if n = link.ID(w.ID()); n == 0 {
			return nil, errors.New("the anchor is not attached")
		}
		switch where {
		case "before":
			return link.BeforeLinkByID(n), nil
		case "after":
			return link.AfterLinkByID(n), nil
		case "replace":
			return nil, errors.New("a link's program is replaced by its method update")
		}
	case *ebpf.Program:
		switch where {
		case "before":
			return link.BeforeProgram(w), nil
		case "after":
			return link.AfterProgram(w), nil
		case "replace":
			return link.ReplaceProgram(w), nil
		}
	default:
		n := ebpf.ProgramID(id)
		switch where {
		case "before":
			return link.BeforeProgramByID(n), nil
		case "after":
			return link.AfterProgramByID(n), nil
		case "replace":
			return link.ReplaceProgramByID(n), nil
		}
	}
	return nil, fmt.Errorf("anchor is %q: use head, tail, before, after or replace", where)
}
