//go:build linux

package main

import "fmt"

// bar is one line the project has drawn for itself.
type bar struct {
	text  string
	value string
	met   string
}

// bars judges what was measured; cases that were left out give no lines.
func bars(tables []*table) []bar {
	var list []bar
	atLeast := func(id, of, to, what string, f figure, limit float64) {
		t := tableByID(tables, id)
		if t == nil {
			return
		}
		b := bar{text: fmt.Sprintf("(%s) %s ≥ %.2fx %s", id, what, limit, to), value: "–", met: "not measured"}
		if value, ok := t.ratio(of, to, f); ok {
			b.value, b.met = fmt.Sprintf("%.2fx", value), verdict(value >= limit)
		}
		list = append(list, b)
	}
	atLeast("a", nameWeir, nameNginx, "req/s", rate, 0.85)
	atLeast("a", nameWeir, nameLua, "req/s", rate, 1.0)
	atLeast("b", nameWeir, nameNginx, "req/s", rate, 0.8)
	atLeast("b", nameWeir, nameHAProxy, "req/s", rate, 0.85)
	for _, id := range []string{"c1", "c2"} {
		atLeast(id, nameWeir, nameHAProxy, "bytes/s", rate, 1.0)
		atLeast(id, nameWeir, nameHAProxy, "bytes per server core", perCore, 1.5)
	}
	// Exchanges and connections cost the load's core as much as the server's or more: also compare what servers spend.
	atLeast("c3", nameWeir, nameHAProxy, "exchanges/s", rate, 0.9)
	atLeast("c3", nameWeir, nameHAProxy, "exchanges per server core", perCore, 0.9)
	atLeast("d", nameWeir, nameHAProxy, "connections/s", rate, 0.8)
	atLeast("d", nameWeir, nameHAProxy, "connections per server core", perCore, 0.8)
	for _, id := range []string{"g", "h1", "h2"} {
		what, each := "connections/s", "connections per server core"
		if id == "g" {
			what, each = "req/s", "requests per server core"
		}
		for _, to := range []string{nameNginx, nameHAProxy} {
			atLeast(id, nameWeir, to, what, rate, 0.9)
			atLeast(id, nameWeir, to, each, perCore, 0.9)
		}
	}
	atLeast("j1", nameWeir, nameNginx, "req/s", rate, 1.0)
	atLeast("j2", nameWeir, nameNginx, "req/s", rate, 1.0)
	atLeast("j3", nameWeir, nameReverseProxy, "calls/s", rate, 1.5)
	for _, c := range codecs {
		atLeast(c.id, nameWeir, c.peer, "messages/s", rate, 0.5)
	}
	// At most 2.5 times the cost.
	atLeast("n1", nameWeir, nameCilium, "look-ups/s", rate, 0.4)
	atLeast("n2", nameWeir, nameCilium, "updates/s", rate, 0.4)
	// At most 1.5 times the time.
	for _, id := range []string{"o1", "o2"} {
		atLeast(id, nameWeir, nameJSON, "calls/s", rate, 0.67)
	}
	atMost := func(id string, limit float64) {
		t := tableByID(tables, id)
		if t == nil {
			return
		}
		b := bar{text: fmt.Sprintf("(%s) memory per idle connection ≤ %.0f KiB", id, limit), value: "–", met: "not measured"}
		if r := t.row(nameWeir); r != nil && r.err == nil {
			kib := r.perConnection()
			b.value, b.met = fmt.Sprintf("%.1f KiB", kib), verdict(kib <= limit)
		}
		list = append(list, b)
	}
	atMost("e", 8)
	atMost("i", 24)
	if t := tableByID(tables, "k"); t != nil {
		list = append(list, attackBar(t, 2))
	}
	if t := tableByID(tables, "n3"); t != nil {
		list = append(list, ringBars(t)...)
	}
	return list
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "**not met**"
}

// perConnection is the growth of resident memory in KiB per idle connection.
func (r *row) perConnection() float64 {
	return float64(r.after-r.before) / idleConnections / 1024
}
