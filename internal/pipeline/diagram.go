package pipeline

import "weir/internal/diagram"

// Draw adds the layout's filters, and the sub-pipelines they start, below a pipeline of a diagram. The targets of the
// filters must have been resolved.
func (l *Layout) Draw(d *diagram.Diagram, parent int) { l.draw(d, parent, 0) }

func (l *Layout) draw(d *diagram.Diagram, parent, depth int) {
	for _, n := range l.nodes {
		if d.Full() || depth > maxDepth {
			return
		}
		i := d.AddFilter(parent, n.name, len(n.targets) > 0)
		if len(n.targets) == 0 && d.Nodes[i].Type == diagram.Joint {
			d.AddPipeline(i, diagram.Dynamic)
		}
		for _, t := range n.targets {
			if t.Layout == nil {
				d.AddPipeline(i, t.Name)
				continue
			}
			t.Layout.draw(d, d.AddPipeline(i, t.Layout.Name), depth+1)
		}
	}
}

// Referred adds the layouts that filters of l start, by themselves or through others, to a set.
func (l *Layout) Referred(set map[*Layout]bool) {
	for _, n := range l.nodes {
		for _, t := range n.targets {
			if t.Layout != nil && !set[t.Layout] {
				set[t.Layout] = true
				t.Layout.Referred(set)
			}
		}
	}
}

// Made returns how many pipelines were made of the layout, and how many of them are running.
func (l *Layout) Made() (made, running int) { return l.allocated, l.active }
