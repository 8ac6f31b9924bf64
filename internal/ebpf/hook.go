package ebpf

import "io"

// Attachment is a program for a hook, and how it is to be attached.
type Attachment struct {
	Program    ProgramHandle // nil for a table of struct_ops, which has its own
	Name       string        // of the program
	AttachType uint32        // the one of the hook: most are told by the program

	// Type is the kind of link, as the kernel names it, or tc, socket, reuseport or usdt for what is none.
	Type string
	// Place is what queries find the programs by: the index of an interface, the path of a cgroup or of a network namespace,
	// a MapHandle, or nil if there is nothing to ask.
	Place any
	// Hook is the link.Target for the running kernel.
	Hook any

	LinkOptions
}

// LinkOptions are common to all hooks; a hook that knows nothing of one refuses it.
type LinkOptions struct {
	Cookie           uint64 // for bpf_get_attach_cookie
	Flags            uint32 // of the command
	Anchor           *Anchor
	ExpectedRevision uint64
}

// Anchor is where among the programs of a hook one goes.
type Anchor struct {
	Where string // head, tail; before, after, replace: one of the others
	Link  uint32 // id
	// Program, if it is not nil, else the program with the number ID.
	Program ProgramHandle
	ID      uint32
}

// LinkHandle is what is attached. Not every hook can do everything: what it cannot is an error.
type LinkHandle interface {
	io.Closer
	FD() int // 0 for what is no link of the kernel
	Info() (LinkInfo, error)
	// Update exchanges the program in place; if old is not nil, only if that is the one attached.
	Update(p, old ProgramHandle) error
	// UpdateMap exchanges a table of struct_ops.
	UpdateMap(m MapHandle) error
	Pin(path string) error
	Unpin() error
	// Detach leaves the hook even if the link is pinned.
	Detach() error
	// Read returns what the program of an iterator prints: a reader for one walk.
	Read() (io.ReadCloser, error)
}

// LinkInfo is what is known about a link.
type LinkInfo struct {
	ID      uint32
	Type    string
	Program uint32 // id
	Target  []Field
}

// Field is a detail of a target, in the words of attach where there are some. Values are strings, uint32, uint64 or int64.
type Field struct {
	Name  string
	Value any
}

// Attached is a program at a hook.
type Attached struct{ Program, Link uint32 } // ids; Link is 0 without one

// Raw are the arguments of BPF_PROG_ATTACH and BPF_PROG_DETACH, by descriptors that somebody else owns.
type Raw struct {
	Target, Program int
	Type            uint32
	Flags           uint32
	Replace         int // program to replace, with BPF_F_REPLACE
	Relative        int // program or link before or after which, with BPF_F_BEFORE or BPF_F_AFTER
	Revision        uint64
}
