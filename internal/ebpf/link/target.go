//go:build linux

package link

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	core "weir/internal/ebpf"
)

// Program is a loaded program and what a hook has to know of it.
type Program struct {
	core.ProgramHandle
	Name       string
	AttachType uint32 // the expected one it was loaded with
}

// Target is a hook.
type Target interface {
	about() traits
	// hook names the place for taking it over; empty if its program cannot be exchanged. With many, several programs may
	// be attached to it.
	hook(p Program) (place string, many bool)
	// attach attaches to the hook of the running kernel. Errors are those of the library or of a system call.
	attach(p program, o Options) (handle, error)
}

// traits are what is known of a target besides.
type traits struct {
	kind  string          // Type of core.Attachment
	place any             // likewise
	at    ebpf.AttachType // of the hook; 0 if it is that of the program

	call, what            string // the command of the kernel, BPF_LINK_CREATE if it is empty, and the feature, for errors
	subject               string // what else an error of the command tells
	cookie, anchor, flags bool   // which options mean something
	err                   error  // what is wrong with the arguments on every kernel
}

// Options are common to all targets.
type Options = core.LinkOptions

// check reports arguments that no kernel takes.
func (t traits) check(o Options) error {
	switch {
	case o.Cookie != 0 && !t.cookie:
		return errors.New("options.cookie has no meaning for this target")
	case (o.Anchor != nil || o.ExpectedRevision != 0) && !t.anchor:
		return errors.New("options.anchor and options.expectedRevision are for tcx and netkit")
	case o.Flags != 0 && !t.flags:
		return errors.New("options.flags has no meaning for this target")
	}
	return t.err
}

// fail makes the error of a call.
func (t traits) fail(err error) error {
	call := t.call
	if call == "" {
		call = "BPF_LINK_CREATE"
	}
	err = failCall(call, t.what, err)
	if e, ok := err.(*core.Error); ok && t.subject != "" {
		e.Subject = t.subject
	}
	return err
}

// oneOf reports a value that is not a key of a table; the empty one is left out of the list.
func oneOf[T any](name, value string, table map[string]T) error {
	if _, ok := table[value]; ok {
		return nil
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(table)), func(s string) bool { return s == "" })
	last := len(names) - 1
	return fmt.Errorf("%s is %q: use %s or %s", name, value, strings.Join(names[:last], ", "), names[last])
}

// program is a Program in the running kernel.
type program struct {
	*ebpf.Program
	name string
	at   ebpf.AttachType
}

// handle is what is attached. Those of the kernel are the library's links.
type handle interface {
	Close() error
	Update(p *ebpf.Program) error
}
