package ebpf

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"
)

// hookPrograms are the types of programs that go to a kind of link; one that is not listed takes any.
var hookPrograms = map[string][]ebpf.ProgramType{
	"xdp": {ebpf.XDP}, "tcx": {ebpf.SchedCLS}, "netkit": {ebpf.SchedCLS}, "tc": {ebpf.SchedCLS},
	"cgroup": {ebpf.CGroupSKB, ebpf.CGroupSock, ebpf.CGroupSockAddr, ebpf.CGroupSockopt, ebpf.CGroupDevice, ebpf.CGroupSysctl,
		ebpf.SockOps, ebpf.LSM},
	"netns": {ebpf.FlowDissector, ebpf.SkLookup}, "netfilter": {ebpf.Netfilter}, "sockmap": {ebpf.SkSKB, ebpf.SkMsg},
	"socket": {ebpf.SocketFilter}, "reuseport": {ebpf.SkReuseport, ebpf.SocketFilter},
	"perf_event":   {ebpf.Kprobe, ebpf.TracePoint, ebpf.PerfEvent},
	"kprobe_multi": {ebpf.Kprobe}, "uprobe_multi": {ebpf.Kprobe}, "usdt": {ebpf.Kprobe},
	"raw_tracepoint": {ebpf.RawTracepoint, ebpf.RawTracepointWritable, ebpf.Tracing},
	"tracing":        {ebpf.Tracing, ebpf.LSM, ebpf.Extension}, "iter": {ebpf.Tracing},
}

// exclusive hooks take one program.
var exclusive = map[string]bool{"xdp": true}

// unupdatable are the links whose program cannot be exchanged.
var unupdatable = map[string]bool{"netfilter": true, "perf_event": true, "kprobe_multi": true, "uprobe_multi": true, "usdt": true,
	"raw_tracepoint": true, "tracing": true, "struct_ops": true}

// foreign are the kinds that are no links of the kernel.
var foreign = map[string]bool{"tc": true, "socket": true, "reuseport": true, "usdt": true}

// fakeLink is a program at a hook.
type fakeLink struct {
	f        *Fake
	id       uint32
	kind     string
	place    any // of a map the *fakeMap
	at       uint32
	program  *fakeProgram // nil for struct_ops
	detached bool
}

// fakeLinkHandle is a descriptor of a link.
type fakeLinkHandle struct {
	*fakeLink
	fd     int
	pinned string
}

// Attach implements Backend.
func (f *Fake) Attach(a *Attachment) (LinkHandle, error) {
	const call = "BPF_LINK_CREATE"
	if f.Lacks[a.Type] {
		return nil, &Error{Call: call, Unsupported: a.Type + " links"}
	}
	if err := f.fail(call); err != nil {
		return nil, err
	}
	l := &fakeLink{f: f, kind: a.Type, place: placeKey(a.Place), at: a.AttachType}
	if path, ok := a.Place.(string); ok && (path == "" || f.Missing[path]) {
		if a.Type == "cgroup" {
			return nil, fmt.Errorf("cannot open cgroup %s: no such file or directory", path)
		}
		return nil, fmt.Errorf("cannot open the network namespace %s", path)
	}
	if h, ok := a.Program.(*fakeProgramHandle); ok {
		l.program = h.fakeProgram
		if types := hookPrograms[a.Type]; types != nil && !slices.Contains(types, h.spec.Type) {
			return nil, &Error{Call: call, Errno: syscall.EINVAL, Subject: fmt.Sprintf("a program of type %s does not fit this target", h.spec.Type)}
		}
	}
	at := len(f.links)
	for i, o := range f.links {
		switch same := o.kind == l.kind && o.place == l.place && o.at == l.at; {
		case !same || l.place == nil:
		case exclusive[l.kind]:
			return nil, errno(call, syscall.EBUSY)
		case a.Anchor != nil && a.Anchor.holds(o):
			if at = i; a.Anchor.Where == "after" {
				at++
			}
		case a.Anchor != nil && a.Anchor.Where == "head":
			at = min(at, i)
		}
	}
	f.lastLink++
	l.id = f.lastLink
	f.links = slices.Insert(f.links, at, l)
	return &fakeLinkHandle{fakeLink: l, fd: f.fd(l)}, nil
}

// holds reports whether a link is the one that an anchor names.
func (a *Anchor) holds(l *fakeLink) bool {
	switch p := a.Program.(type) {
	case *fakeProgramHandle:
		return l.program == p.fakeProgram
	default:
		return a.Link != 0 && a.Link == l.id || a.ID != 0 && l.program != nil && l.program.id == a.ID
	}
}

// placeKey makes places comparable: handles of a map are the map.
func placeKey(place any) any {
	if h, ok := place.(*fakeHandle); ok {
		return h.fakeMap
	}
	return place
}

func (h *fakeLinkHandle) Close() error {
	delete(h.f.open, h.fd)
	h.f.sweepLinks()
	return nil
}

// sweepLinks lets go what nobody holds any more.
func (f *Fake) sweepLinks() {
	f.links = slices.DeleteFunc(f.links, func(l *fakeLink) bool { return !f.lives(l) })
}

func (h *fakeLinkHandle) FD() int {
	if foreign[h.kind] {
		return 0
	}
	return h.fd
}

func (h *fakeLinkHandle) Info() (LinkInfo, error) {
	return h.info(), h.f.fail("BPF_OBJ_GET_INFO_BY_FD")
}

func (l *fakeLink) info() LinkInfo {
	i := LinkInfo{Type: l.kind}
	if l.program != nil {
		i.Program = l.program.id
	}
	if foreign[l.kind] {
		return i
	}
	i.ID = l.id
	switch p := l.place.(type) {
	case int:
		i.Target = []Field{{"ifindex", uint32(p)}}
		if p <= len(l.f.interfaces) {
			i.Target = append(i.Target, Field{"interface", l.f.interfaces[p-1]})
		}
	case string:
		id, _ := l.f.CgroupID(p)
		i.Target = []Field{{l.kind, id}}
	}
	if l.place != nil && l.kind != "xdp" {
		i.Target = append(i.Target, Field{"attachType", l.at})
	}
	return i
}

func (h *fakeLinkHandle) Update(p, old ProgramHandle) error {
	const call = "BPF_LINK_UPDATE"
	if err := h.f.fail(call); err != nil {
		return err
	}
	q, o := p.(*fakeProgramHandle).fakeProgram, (*fakeProgram)(nil)
	if old != nil {
		o = old.(*fakeProgramHandle).fakeProgram
	}
	switch {
	case unupdatable[h.kind]:
		return &Error{Call: call, Unsupported: "exchange of this kind of link; attach the new program, then close the old link"}
	case h.detached:
		return errno(call, syscall.ENOLINK)
	case o != nil && o != h.program:
		return errno(call, syscall.EPERM)
	case h.program != nil && q.spec.Type != h.program.spec.Type:
		return errno(call, syscall.EINVAL)
	}
	h.program = q
	return nil
}

func (h *fakeLinkHandle) UpdateMap(m MapHandle) error {
	if h.kind != "struct_ops" {
		return fmt.Errorf("%s takes a program, not a map", h.kind)
	}
	return h.f.fail("BPF_LINK_UPDATE")
}

func (h *fakeLinkHandle) Pin(path string) error {
	if foreign[h.kind] {
		return fmt.Errorf("%s cannot be pinned", h.kind)
	}
	if err := h.f.Pin(path, h.fd); err != nil {
		return err
	}
	h.pinned = path
	return nil
}

func (h *fakeLinkHandle) Unpin() error {
	delete(h.f.pinned, h.pinned)
	h.pinned = ""
	return nil
}

func (h *fakeLinkHandle) Detach() error {
	if foreign[h.kind] {
		return errors.New("this target is left by close")
	}
	if err := h.f.fail("BPF_LINK_DETACH"); err != nil {
		return err
	}
	h.detached, h.place = true, nil
	return nil
}

func (h *fakeLinkHandle) Read() (io.ReadCloser, error) {
	if h.kind != "iter" {
		return nil, errno("BPF_ITER_CREATE", syscall.EINVAL)
	}
	return h.f.printed(h.f.fail("BPF_ITER_CREATE"))
}

// printed is a reader of what programs print.
func (f *Fake) printed(err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, err
	}
	return io.NopCloser(strings.NewReader(f.Prints)), nil
}

// Trace implements Backend.
func (f *Fake) Trace() (io.ReadCloser, error) { return f.printed(nil) }

// Output implements Backend.
func (f *Fake) Output(ProgramHandle) (io.ReadCloser, error) {
	return f.printed(f.fail("BPF_PROG_STREAM_READ_BY_FD"))
}

// LinkByID implements Backend.
func (f *Fake) LinkByID(id uint32) (LinkHandle, error) {
	for _, l := range f.links {
		if l.id == id && !foreign[l.kind] {
			return &fakeLinkHandle{fakeLink: l, fd: f.fd(l)}, nil
		}
	}
	return nil, errno("BPF_LINK_GET_FD_BY_ID", syscall.ENOENT)
}

// LinkByPath implements Backend.
func (f *Fake) LinkByPath(path string) (LinkHandle, error) {
	l, ok := f.pinned[path].(*fakeLink)
	if !ok {
		return nil, errno("BPF_OBJ_GET", syscall.ENOENT)
	}
	return &fakeLinkHandle{fakeLink: l, fd: f.fd(l), pinned: path}, nil
}

// ListLinks implements Backend.
func (f *Fake) ListLinks() ([]LinkInfo, error) {
	var list []LinkInfo
	for _, l := range f.links {
		if !foreign[l.kind] {
			list = append(list, l.info())
		}
	}
	slices.SortFunc(list, func(a, b LinkInfo) int { return int(a.ID) - int(b.ID) })
	return list, f.fail("BPF_LINK_GET_NEXT_ID")
}

// rawAttachment is a program that stays attached until somebody detaches it.
type rawAttachment struct {
	place   any
	at      uint32
	flags   uint32
	program *fakeProgram
}

// placeOf returns what a target of the calls with numbers is: what its descriptor stands for, or an interface.
func (f *Fake) placeOf(target int) any {
	switch x := f.open[target].(type) {
	case fakePath:
		return string(x)
	case nil:
		return target
	default:
		return x
	}
}

// Query implements Backend.
func (f *Fake) Query(target int, at uint32) (list []Attached, revision uint64, err error) {
	if err := f.fail("BPF_PROG_QUERY"); err != nil {
		return nil, 0, err
	}
	place := f.placeOf(target)
	for _, l := range f.links {
		if l.place == place && l.at == at && l.program != nil {
			list = append(list, Attached{l.program.id, l.id})
		}
	}
	for _, r := range f.raw {
		if r.place == place && r.at == at {
			list = append(list, Attached{Program: r.program.id})
		}
	}
	return list, uint64(len(list)) + 1, nil
}

// Flags of BPF_PROG_ATTACH.
const (
	attachMulti   = 2
	attachReplace = 4
)

// AttachRaw implements Backend. Flags before and after have no effect.
func (f *Fake) AttachRaw(r Raw) error {
	const call = "BPF_PROG_ATTACH"
	if err := f.fail(call); err != nil {
		return err
	}
	p, ok := f.open[r.Program].(*fakeProgram)
	if !ok {
		return errno(call, syscall.EBADF)
	}
	a := rawAttachment{f.placeOf(r.Target), r.Type, r.Flags, p}
	if r.Flags&attachReplace != 0 {
		old, _ := f.open[r.Replace].(*fakeProgram)
		i := f.rawAt(a, old)
		if i < 0 {
			return errno(call, syscall.ENOENT)
		}
		f.raw[i] = a
		return nil
	}
	if f.rawAt(a, p) >= 0 && r.Flags&attachMulti != 0 {
		return errno(call, syscall.EINVAL)
	}
	if i := f.rawAt(a, nil); i >= 0 && r.Flags&attachMulti == 0 {
		if f.raw[i].flags&attachMulti != 0 {
			return errno(call, syscall.EPERM)
		}
		f.raw[i] = a
		return nil
	}
	for _, l := range f.links {
		if l.place == a.place && l.at == a.at && r.Flags&attachMulti == 0 {
			return errno(call, syscall.EPERM)
		}
	}
	f.raw = append(f.raw, a)
	return nil
}

// rawAt finds the attachment of a program at the place of another, of any program if it is nil.
func (f *Fake) rawAt(a rawAttachment, p *fakeProgram) int {
	return slices.IndexFunc(f.raw, func(o rawAttachment) bool {
		return o.place == a.place && o.at == a.at && (p == nil || o.program == p)
	})
}

// DetachRaw implements Backend.
func (f *Fake) DetachRaw(r Raw) error {
	const call = "BPF_PROG_DETACH"
	if err := f.fail(call); err != nil {
		return err
	}
	p, _ := f.open[r.Program].(*fakeProgram)
	i := f.rawAt(rawAttachment{place: f.placeOf(r.Target), at: r.Type}, p)
	if i < 0 {
		return errno(call, syscall.ENOENT)
	}
	f.raw = slices.Delete(f.raw, i, i+1)
	return nil
}
