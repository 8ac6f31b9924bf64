// Package diagram describes the shape of pipelines: which filters follow each other, and which sub-pipelines they start. The
// description is made of living layouts or of source text, and is shown as JSON to tools or as a chart in the log.
package diagram

// Diagram is a forest of pipelines. Nodes are numbered depth first. Its JSON is what the admin service gives out.
type Diagram struct {
	Roots []int  `json:"roots"`
	Nodes []Node `json:"nodes"`
}

// Type is what a node stands for.
type Type string

// The types of nodes. The children of a root or a pipeline are filters, those of a joint are pipelines.
const (
	Root     Type = "root"
	Pipeline Type = "pipeline"
	Filter   Type = "filter"
	Joint    Type = "joint"
)

// Node is a pipeline or a filter.
type Node struct {
	Name     string `json:"name"`
	Type     Type   `json:"t"`
	Style    string `json:"st,omitempty"` // of a joint: demux, mux, or empty for plain branching
	Output   string `json:"ot,omitempty"` // of a joint: where what it outputs comes from: self, subs or others
	Parent   *int   `json:"p,omitempty"`
	Children []int  `json:"c,omitempty"`
}

// Dynamic is the name of a sub-pipeline that is chosen only when it is needed.
const Dynamic = "$=>$"

// MaxNodes bounds a diagram: pipelines that are linked to from many places are shown at each of them.
const MaxNodes = 10000

// New returns an empty diagram.
func New() *Diagram { return &Diagram{Roots: []int{}, Nodes: []Node{}} }

// AddRoot adds a pipeline that something outside starts, and returns its number.
func (d *Diagram) AddRoot(name string) int {
	i := len(d.Nodes)
	d.Roots = append(d.Roots, i)
	d.Nodes = append(d.Nodes, Node{Name: name, Type: Root})
	return i
}

// AddFilter adds a filter to a pipeline, a joint if it starts sub-pipelines, and returns its number.
func (d *Diagram) AddFilter(parent int, name string, joint bool) int {
	n := Node{Name: name, Type: Filter}
	if kind, ok := joints[name]; ok {
		n.Type, n.Style, n.Output = Joint, kind.style, kind.output
	} else if joint {
		n.Type, n.Output = Joint, "subs"
	}
	return d.add(parent, n)
}

// AddPipeline adds a sub-pipeline to a joint, and returns its number.
func (d *Diagram) AddPipeline(parent int, name string) int {
	return d.add(parent, Node{Name: name, Type: Pipeline})
}

// Full reports whether nothing more should be added.
func (d *Diagram) Full() bool { return len(d.Nodes) >= MaxNodes }

func (d *Diagram) add(parent int, n Node) int {
	i := len(d.Nodes)
	n.Parent = &parent
	d.Nodes[parent].Children = append(d.Nodes[parent].Children, i)
	d.Nodes = append(d.Nodes, n)
	return i
}

type jointKind struct{ style, output string }

// joints are the filters that are known to start sub-pipelines.
var joints = map[string]jointKind{
	"link": {"", "subs"}, "linkAsync": {"", "subs"},
	"branch": {"", "subs"}, "branchMessageStart": {"", "subs"}, "branchMessage": {"", "subs"},
	"fork": {"", "self"}, "input": {"", "others"},
	"demux": {"demux", "subs"}, "demuxQueue": {"demux", "subs"}, "demuxHTTP": {"demux", "subs"}, "demuxFastCGI": {"demux", "subs"},
	"mux": {"mux", "self"}, "merge": {"mux", "self"},
	"muxQueue": {"mux", "subs"}, "muxHTTP": {"mux", "subs"}, "muxFastCGI": {"mux", "subs"},
	"acceptHTTPTunnel": {"", "subs"}, "acceptSOCKS": {"", "subs"}, "acceptTLS": {"", "subs"},
	"connectHTTPTunnel": {"", "subs"}, "connectSOCKS": {"", "subs"}, "connectTLS": {"", "subs"},
}

// IsJoint reports whether a filter of a name starts sub-pipelines.
func IsJoint(name string) bool {
	_, ok := joints[name]
	return ok
}
