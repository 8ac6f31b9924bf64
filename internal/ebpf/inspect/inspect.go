// Package inspect prints what is in the kernel for people: the command weir bpf.
package inspect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"

	"weir/internal/clayout"
	"weir/internal/ebpf"
	"weir/internal/plain"
)

// Run carries out list, dump MAP or features on a kernel.
func Run(out io.Writer, b ebpf.Backend, args []string) error {
	if b == nil {
		return ebpf.ErrPlatform
	}
	g := &ebpf.Generation{Backend: b}
	defer g.Close()
	switch {
	case len(args) == 1 && args[0] == "list":
		return list(out, b)
	case len(args) == 1 && args[0] == "features":
		return features(out, b)
	case len(args) == 2 && args[0] == "dump":
		m, err := find(g, args[1])
		if err != nil {
			return err
		}
		return dump(out, m)
	}
	return errors.New("use weir bpf list, weir bpf dump MAP (a name, an id or the path of a pin), or weir bpf features")
}

func list(out io.Writer, b ebpf.Backend) error {
	programs, err := ebpf.ListPrograms(b)
	if err != nil {
		return err
	}
	maps, err := ebpf.ListMaps(b)
	if err != nil {
		return err
	}
	o := owners()
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "PROGRAM\tNAME\tTYPE\tTAG\tMAPS\tOWNER")
	for _, p := range programs {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", p.ID, p.Name, ebpf.ProgramTypeName(p.Type), p.Tag, join(p.MapIDs), o.of("prog_id", p.ID))
	}
	fmt.Fprintln(w, "\nMAP\tNAME\tTYPE\tKEY\tVALUE\tMAX\tOWNER")
	for _, m := range maps {
		fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%d\t%d\t%s\n", m.ID, m.Name, ebpf.MapTypeName(m.Type), m.KeySize, m.ValueSize, m.MaxEntries, o.of("map_id", m.ID))
	}
	if err := links(w, b, o); err != nil {
		return err
	}
	return w.Flush()
}

func links(w io.Writer, b ebpf.Backend, o processes) error {
	list, err := b.ListLinks()
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "\nLINK\tTYPE\tPROGRAM\tTARGET\tOWNER")
	for _, l := range list {
		target := ""
		for i, f := range l.Target {
			if i > 0 {
				target += " "
			}
			target += fmt.Sprintf("%s=%v", f.Name, f.Value)
		}
		fmt.Fprintf(w, "%d\t%s\t%d\t%s\t%s\n", l.ID, l.Type, l.Program, target, o.of("link_id", l.ID))
	}
	return nil
}

func join(ids []uint32) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = strconv.Itoa(int(id))
	}
	return strings.Join(words, ",")
}

// processes are those that hold descriptors of objects, by kind and number.
type processes map[string][]string

func (p processes) of(kind string, id uint32) string {
	return strings.Join(p[kind+":"+strconv.Itoa(int(id))], " ")
}

// owners looks through the descriptors of all processes that may be looked at.
func owners() processes {
	all := processes{}
	files, _ := filepath.Glob("/proc/[0-9]*/fdinfo/*")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // it is gone
		}
		// A link names its program too, but does not own it.
		var key string
		for line := range strings.Lines(string(b)) {
			name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
			if ok && (name == "link_id" || key == "" && (name == "prog_id" || name == "map_id")) {
				key = name + ":" + strings.TrimSpace(value)
			}
		}
		if key == "" {
			continue
		}
		pid := strings.Split(file, "/")[2]
		name, _ := os.ReadFile("/proc/" + pid + "/comm")
		owner := strings.TrimSpace(string(name)) + "(" + pid + ")"
		if pid != strconv.Itoa(os.Getpid()) && !slices.Contains(all[key], owner) {
			all[key] = append(all[key], owner)
		}
	}
	return all
}

// find opens a map by path, id or name.
func find(g *ebpf.Generation, which string) (*ebpf.Map, error) {
	if strings.Contains(which, "/") {
		return ebpf.PinnedMap(g, which)
	}
	if id, err := strconv.ParseUint(which, 10, 32); err == nil {
		return ebpf.OpenMap(g, uint32(id))
	}
	maps, err := ebpf.ListMaps(g.Backend)
	if err != nil {
		return nil, err
	}
	var ids []uint32
	for _, m := range maps {
		if m.Name == which {
			ids = append(ids, m.ID)
		}
	}
	switch len(ids) {
	case 0:
		return nil, fmt.Errorf("no map is named %s: see weir bpf list", which)
	case 1:
		return ebpf.OpenMap(g, ids[0])
	}
	return nil, fmt.Errorf("several maps are named %s: give one of the ids %s", which, join(ids))
}

// dump prints keys and values, a line each: as their types say, if the map knows them, else numbers if they have the size of
// one, else bytes.
func dump(out io.Writer, m *ebpf.Map) error {
	if m.Keyless() {
		return fmt.Errorf("map %s of type %s has no keys to go through", m.Name, ebpf.MapTypeName(m.Type))
	}
	if err := m.ReadTypes(); err != nil {
		return err
	}
	h := m.Handle()
	key, next, value := []byte(nil), make([]byte, m.KeySize), make([]byte, m.Room())
	for n := uint32(0); n < m.MaxEntries; n++ {
		err := h.Next(key, next)
		if ebpf.IsErrno(err, syscall.ENOENT) {
			return nil
		}
		if err != nil {
			return err
		}
		key = append(key[:0], next...)
		err = h.Lookup(key, value, 0)
		if ebpf.IsErrno(err, syscall.ENOENT) {
			continue // deleted meanwhile, or an empty slot
		}
		if err != nil {
			return err
		}
		text := show(m.ValueType, value)
		if m.PerCPU() {
			var cpus []string
			for i := range m.CPUs() {
				cpus = append(cpus, show(m.ValueType, value[i*m.Slot():][:m.ValueSize]))
			}
			text = "[" + strings.Join(cpus, ", ") + "]"
		}
		if _, err := fmt.Fprintf(out, "%s: %s\n", show(m.KeyType, key), text); err != nil {
			return err
		}
	}
	return nil
}

// show prints bytes by their type, if there is one. What is no struct comes without the name of its only field.
func show(l *clayout.Layout, b []byte) string {
	if l == nil {
		return format(b)
	}
	o := l.Decode(b)
	if len(o) == 1 && o[0].Name == ebpf.SingleField {
		return text(o[0].Value)
	}
	return text(o)
}

func text(v any) string {
	switch v := v.(type) {
	case plain.Object:
		fields := make([]string, len(v))
		for i, f := range v {
			fields[i] = f.Name + ": " + text(f.Value)
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case []any:
		list := make([]string, len(v))
		for i, e := range v {
			list[i] = text(e)
		}
		return "[" + strings.Join(list, ", ") + "]"
	case string:
		return strconv.Quote(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func format(b []byte) string {
	switch len(b) {
	case 1:
		return strconv.Itoa(int(b[0]))
	case 2:
		return strconv.Itoa(int(binary.NativeEndian.Uint16(b)))
	case 4:
		return strconv.FormatUint(uint64(binary.NativeEndian.Uint32(b)), 10)
	case 8:
		return strconv.FormatUint(binary.NativeEndian.Uint64(b), 10)
	}
	return fmt.Sprintf("% x", b)
}

func features(out io.Writer, b ebpf.Backend) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	show := func(name string, f ebpf.Feature) {
		answer := "no"
		if ebpf.Have(b, f) {
			answer = "yes"
		}
		fmt.Fprintf(w, "%s\t%s\n", name, answer)
	}
	for i, n := range ebpf.ProgramTypeNames() {
		if i > 0 {
			show(n, ebpf.Feature{Kind: ebpf.FeatureProgramType, Value: uint32(i)})
		}
	}
	for i := uint32(1); ebpf.MapTypeName(i) != strconv.Itoa(int(i)); i++ {
		show("map "+ebpf.MapTypeName(i), ebpf.Feature{Kind: ebpf.FeatureMapType, Value: i})
	}
	for _, n := range ebpf.LinkTypeNames() {
		show("link "+n, ebpf.Feature{Kind: ebpf.FeatureLinkType, Name: n})
	}
	show("type information (BTF)", ebpf.Feature{Kind: ebpf.FeatureBTF})
	show("trampolines (fentry, fexit, lsm, freplace)", ebpf.Feature{Kind: ebpf.FeatureTrampolines})
	show("tokens", ebpf.Feature{Kind: ebpf.FeatureToken})
	return w.Flush()
}
