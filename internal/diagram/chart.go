package diagram

import "strings"

// Chart draws the root with a number: an arrow for its input, a filter per line, and below each joint its sub-pipelines,
// indented.
func (d *Diagram) Chart(root int) []string {
	var lines []string
	d.chart(root, "", &lines)
	return lines
}

func (d *Diagram) chart(pipeline int, indent string, lines *[]string) {
	put := func(s string) { *lines = append(*lines, strings.TrimRight(indent+s, " ")) }
	n := d.Nodes[pipeline]
	if n.Type == Root {
		put("----->|")
	}
	for _, i := range n.Children {
		f := d.Nodes[i]
		put("      |")
		put("      " + f.Name)
		for _, sub := range f.Children {
			put("      |")
			title := "      +-->"
			if name := d.Nodes[sub].Name; name != "" {
				title += " [" + name + "]"
			}
			put(title)
			d.chart(sub, indent+"      |   ", lines)
		}
	}
	put("      |")
	put("<-----|")
}
