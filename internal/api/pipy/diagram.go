package pipy

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"weir/internal/diagram"
	"weir/internal/pipeline"
)

// rootName is what a root pipeline is called: in the status of the program, and in the diagrams of the log.
type rootName struct{ status, title string }

// numbered returns the name of the next of several roots that have no other: what they are, and a number from 1.
func (conf *Configuration) numbered(kind string) string {
	n := 1
	for _, r := range conf.roots {
		if strings.HasPrefix(r.name.status, kind) {
			n++
		}
	}
	return kind + strconv.Itoa(n)
}

// rootLayout is a pipeline that is not part of another one.
type rootLayout struct {
	name   rootName
	layout *pipeline.Layout
}

// rootLayouts lists the module's root pipelines: what starts by itself, the entrance, and the named ones.
func (conf *Configuration) rootLayouts() []rootLayout {
	var list []rootLayout
	for _, r := range conf.roots {
		list = append(list, rootLayout{r.name, r.builder.Layout()})
	}
	if conf.entrance != nil {
		list = append(list, rootLayout{rootName{"Module Entrance: " + conf.file, "Module Entrance"}, conf.entrance.Layout()})
	}
	for _, name := range slices.Sorted(maps.Keys(conf.names.Layouts)) {
		list = append(list, rootLayout{rootName{name, name}, conf.names.Layouts[name]})
	}
	referred := map[*pipeline.Layout]bool{}
	for _, r := range list {
		r.layout.Referred(referred)
	}
	return slices.DeleteFunc(list, func(r rootLayout) bool { return referred[r.layout] })
}

// diagram draws the module's pipelines, with their names in the status or as titles.
func (conf *Configuration) diagram(title bool) *diagram.Diagram {
	d := diagram.New()
	for _, r := range conf.rootLayouts() {
		name := r.name.status
		if title {
			name = r.name.title
		}
		r.layout.Draw(d, d.AddRoot(name))
	}
	return d
}

// Diagrams returns the diagrams of the legacy modules, by file.
func (e *Env) Diagrams() map[string]*diagram.Diagram {
	graphs := make(map[string]*diagram.Diagram, len(e.order))
	for _, m := range e.order {
		graphs[m.file] = m.conf.diagram(false)
	}
	return graphs
}

// EachLayout calls f for every pipeline that legacy modules declare by itself.
func (e *Env) EachLayout(f func(module, name string, l *pipeline.Layout)) {
	for _, m := range e.order {
		for _, r := range m.conf.roots {
			f(m.file, r.name.status, r.builder.Layout())
		}
		if b := m.conf.entrance; b != nil {
			f(m.file, "Module Entrance", b.Layout())
		}
		for _, name := range slices.Sorted(maps.Keys(m.conf.names.Layouts)) {
			f(m.file, name, m.conf.names.Layouts[name])
		}
	}
}

// announce logs that a module is loaded, with its diagram where that is of interest.
func (e *Env) announce(m *Module) {
	log := e.World.Log
	if e.World.Thread() > 0 || e.Ports.Reloading() || e.Process.Info().NoGraph {
		log.Infof("[config] Module loaded: %s", m.file)
		return
	}
	d := m.conf.diagram(true)
	title := "Module " + m.file
	lines := []string{"", title, strings.Repeat("=", len(title)), ""}
	for _, root := range d.Roots {
		lines = append(lines, "["+d.Nodes[root].Name+"]")
		lines = append(lines, d.Chart(root)...)
		lines = append(lines, "")
	}
	for _, l := range lines {
		log.Infof("[config] %s", l)
	}
}
