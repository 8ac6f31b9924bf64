//go:build linux

package link

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	core "weir/internal/ebpf"
)

// AnchorAt says where among the programs of a hook one goes: head or tail, or before, after or in the place of (replace) a
// *Link, a core.ProgramHandle, or the program with an id. Only programs that have no link are replaced; links are updated.
func AnchorAt(where string, what any, id uint32) (*core.Anchor, error) {
	a := &core.Anchor{Where: where, ID: id}
	if where == "head" || where == "tail" {
		return a, nil
	}
	if !slices.Contains([]string{"before", "after", "replace"}, where) {
		return nil, fmt.Errorf("anchor is %q: use head, tail, before, after or replace", where)
	}
	switch w := what.(type) {
	case *Link:
		if a.Link = w.ID(); a.Link == 0 {
			return nil, errors.New("the anchor is not attached")
		}
		if where == "replace" {
			return nil, errors.New("a link's program is replaced by its method update")
		}
	case core.ProgramHandle:
		a.Program = w
	}
	return a, nil
}

// anchorOf makes the library's anchor of one; nil stays nil.
func anchorOf(a *core.Anchor) link.Anchor {
	if a == nil {
		return nil
	}
	switch a.Where {
	case "head":
		return link.Head()
	case "tail":
		return link.Tail()
	}
	before := a.Where == "before"
	switch {
	case a.Link != 0 && before:
		return link.BeforeLinkByID(link.ID(a.Link))
	case a.Link != 0:
		return link.AfterLinkByID(link.ID(a.Link))
	case a.Program != nil && before:
		return link.BeforeProgram(a.Program.Kernel())
	case a.Program != nil && a.Where == "after":
		return link.AfterProgram(a.Program.Kernel())
	case a.Program != nil:
		return link.ReplaceProgram(a.Program.Kernel())
	case before:
		return link.BeforeProgramByID(ebpf.ProgramID(a.ID))
	case a.Where == "after":
		return link.AfterProgramByID(ebpf.ProgramID(a.ID))
	}
	return link.ReplaceProgramByID(ebpf.ProgramID(a.ID))
}
