package admin

import (
	"fmt"
	"net/http"

	"weir/internal/diagram"
	"weir/internal/script/dialect"
)

func (s *Server) graph(w http.ResponseWriter, r *http.Request, _ string) {
	src, ok := body(w, r, maxSmallBody)
	if !ok {
		return
	}
	calls, err := dialect.Outline("script", string(src))
	if err != nil {
		text(w, http.StatusBadRequest, err.Error())
		return
	}
	writeJSON(w, sketch(calls))
}

// sketched is a pipeline in a source text.
type sketched struct {
	title string
	name  string // if other pipelines can refer to it
	calls []dialect.Call
}

// sketch draws the pipelines that methods called on pipy() declare. Those that others lead to are shown there only.
func sketch(calls []dialect.Call) *diagram.Diagram {
	var roots []sketched
	counts := map[string]int{}
	begin := func(kind, detail, name string) {
		counts[kind]++
		title := kind + " " + detail
		switch {
		case name != "":
			title = name
		case detail == "":
			title = fmt.Sprintf("%s #%d", kind, counts[kind])
		}
		roots = append(roots, sketched{title: title, name: name})
	}
	for _, c := range calls {
		first := ""
		if len(c.Args) > 0 && c.Args[0].Literal {
			first = c.Args[0].Text
		}
		switch c.Name {
		case "export", "import", "onStart", "onEnd":
		case "listen":
			if first != "" && isNumber(first) {
				first = "0.0.0.0:" + first
			}
			begin("Listen", first, "")
		case "task":
			if first != "" {
				first = "every " + first
			}
			begin("Task", first, "")
		case "read":
			begin("Read", first, "")
		case "watch":
			begin("Watch", first, "")
		case "admin":
			begin("Admin", first, "")
		case "exit":
			roots = append(roots, sketched{title: "Exit"})
		case "pipeline":
			if len(c.Args) == 0 {
				roots = append(roots, sketched{title: "Module Entrance"})
				continue
			}
			begin("Pipeline", "", first)
		default:
			if n := len(roots); n > 0 {
				roots[n-1].calls = append(roots[n-1].calls, c)
			}
		}
	}
	x := sketcher{d: diagram.New(), named: map[string][]dialect.Call{}, referred: map[string]bool{}}
	for _, r := range roots {
		if r.name != "" {
			x.named[r.name] = r.calls
		}
	}
	for _, r := range roots {
		x.refer(r.calls)
	}
	for _, r := range roots {
		if r.name == "" || !x.referred[r.name] {
			x.pipeline(x.d.AddRoot(r.title), r.calls, 0)
		}
	}
	return x.d
}

func isNumber(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

type sketcher struct {
	d        *diagram.Diagram
	named    map[string][]dialect.Call
	referred map[string]bool
}

// maxSketch bounds how deep pipelines are nested: those of a text may lead back to themselves.
const maxSketch = 50

// step is a filter with its sub-pipelines.
type step struct {
	name string
	subs []dialect.Argument
}

// steps finds the filters in a chain of calls.
func steps(calls []dialect.Call) []step {
	var list []step
	for _, c := range calls {
		switch c.Name {
		case "onStart", "onEnd":
			continue
		case "to":
			if n := len(list); n > 0 && len(c.Args) > 0 {
				list[n-1].subs = append(list[n-1].subs, c.Args[0])
			}
			continue
		}
		s := step{name: c.Name}
		switch {
		case c.Name == "use":
			s.name = useName(c.Args)
		case c.Name == "branch" || c.Name == "branchMessage" || c.Name == "branchMessageStart":
			for i, a := range c.Args {
				if i%2 == 1 || i == len(c.Args)-1 {
					s.subs = append(s.subs, a)
				}
			}
		case !diagram.IsJoint(c.Name) || len(c.Args) == 0:
		case c.Name == "link" || c.Name == "linkAsync":
			s.subs = c.Args[:1]
		case c.Args[0].Literal && c.Name != "connectSOCKS": // the short form: a name in front
			s.subs = c.Args[:1]
		}
		list = append(list, s)
	}
	return list
}

func useName(args []dialect.Argument) string {
	name := "use"
	if len(args) > 0 && args[0].Literal {
		name += " " + args[0].Text
	}
	if len(args) > 1 && args[1].Literal {
		name += " [" + args[1].Text + "]"
	}
	return name
}

// refer notes which named pipelines filters lead to.
func (x *sketcher) refer(calls []dialect.Call) {
	for _, s := range steps(calls) {
		for _, a := range s.subs {
			if a.Literal {
				x.referred[a.Text] = true
			}
			x.refer(a.Chain)
		}
	}
}

func (x *sketcher) pipeline(parent int, calls []dialect.Call, depth int) {
	for _, s := range steps(calls) {
		if x.d.Full() || depth > maxSketch {
			return
		}
		i := x.d.AddFilter(parent, s.name, len(s.subs) > 0)
		for _, a := range s.subs {
			switch {
			case a.Literal:
				x.pipeline(x.d.AddPipeline(i, a.Text), x.named[a.Text], depth+1)
			case a.Builder:
				x.pipeline(x.d.AddPipeline(i, ""), a.Chain, depth+1)
			default:
				x.d.AddPipeline(i, diagram.Dynamic)
			}
		}
	}
}
