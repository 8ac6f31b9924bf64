package worker

import (
	"fmt"
	"strings"
	"time"

	"weir/internal/diagram"
	"weir/internal/filter"
	"weir/internal/inbound"
	"weir/internal/metrics"
	"weir/internal/pipeline"
	"weir/internal/script"
	"weir/internal/status"
)

// started returns the workers once the program has been loaded, none before.
func (p *Program) started() []*Worker {
	select {
	case <-p.loaded:
		return p.workers
	default:
		return nil
	}
}

// Loaded is closed when the program has been loaded and put into effect on all workers.
func (p *Program) Loaded() <-chan struct{} { return p.loaded }

// Done is closed when the program ends.
func (p *Program) Done() <-chan struct{} { return p.done }

// Hub collects the metrics of all workers.
func (p *Program) Hub() *metrics.Hub { return p.metrics }

// Answers reports whether all workers answer before the deadline.
func (p *Program) Answers(until <-chan time.Time) bool {
	_, all := p.alive.ask(p, until)
	return all && p.started() != nil
}

// Modules returns the diagrams of the legacy modules, by file.
func (p *Program) Modules() map[string]*diagram.Diagram {
	answers, _ := p.modules.ask(p, time.After(patience))
	if len(answers) == 0 {
		return nil
	}
	return answers[0]
}

// Dump counts what all workers have.
func (p *Program) Dump() *status.Dump {
	answers, _ := p.dumps.ask(p, time.After(patience))
	sum := status.NewDump()
	for _, d := range answers {
		sum.Add(d)
	}
	return sum
}

func (w *Worker) diagrams() map[string]*diagram.Diagram {
	v := w.current
	if v == nil || v.closed {
		return nil
	}
	if v.diagrams == nil {
		v.diagrams = v.env.Diagrams()
	}
	return v.diagrams
}

func (w *Worker) dump() *status.Dump {
	d := status.NewDump()
	w.ports.EachPort(func(k inbound.Key, connections int) {
		d.AddInbound(inboundRow(k, connections, 0))
	})
	w.ports.Each(func(in *inbound.Inbound) bool {
		if n := in.Buffered(); n > 0 {
			d.AddInbound(inboundRow(in.Key(), 0, n))
			d.Chunks["Inbound"] += status.KB(n)
		}
		return true
	})
	for _, v := range w.versions {
		if v.closed {
			continue
		}
		used, spare := v.world.Realm.HeapSize()
		script := d.Pools["script"]
		d.Pools["script"] = status.Pool{Size: 1, Allocated: script.Allocated + used, Pooled: script.Pooled + spare}
		v.world.Realm.EachClass(func(name string, n int) { d.Objects[name] += n })
		v.dumpLayouts(d)
		for _, ob := range filter.Outbounds(v.world) {
			n := status.KB(ob.Buffered())
			protocol, port := ob.Target()
			if protocol == "NETLINK" {
				protocol = ""
			}
			d.AddOutbound(status.Outbound{Port: int(port), Protocol: protocol, Connections: 1, Buffered: n})
			if n > 0 {
				d.Chunks["Outbound"] += n
			}
		}
	}
	return d
}

func inboundRow(k inbound.Key, connections, buffered int) status.Inbound {
	row := status.Inbound{Protocol: strings.ToUpper(k.Protocol), Connections: connections, Buffered: status.KB(buffered)}
	if k.Protocol == "unix" {
		row.IP = k.Path
		return row
	}
	row.IP, row.Port = k.Addr.Addr().String(), int(k.Addr.Port())
	return row
}

// dumpLayouts counts the pipelines that legacy modules declare, and others as far as they run.
func (v *version) dumpLayouts(d *status.Dump) {
	counted := map[*pipeline.Layout]bool{}
	v.env.EachLayout(func(module, name string, l *pipeline.Layout) {
		counted[l] = true
		made, running := l.Made()
		d.AddLayout(status.Layout{Module: module, Name: name, Allocated: made, Active: running, Stale: v.ended})
	})
	v.world.EachPipeline(func(p *pipeline.Pipeline) {
		l := p.Layout()
		if counted[l] {
			return
		}
		counted[l] = true
		made, running := l.Made()
		d.AddLayout(status.Layout{Module: l.Module, Name: l.Name, Allocated: made, Active: running, Stale: v.ended})
	})
}

// creators counts the living objects of a class by the place that made them, on each worker.
func (p *Program) creators(class string) []map[string]int {
	p.mu.Lock()
	s := p.sites[class]
	if s == nil && len(p.sites) < maxSites {
		if p.sites == nil {
			p.sites = map[string]*survey[map[string]int]{}
		}
		s = &survey[map[string]int]{f: func(w *Worker) map[string]int { return w.creators(class) }}
		p.sites[class] = s
	}
	p.mu.Unlock()
	if s == nil {
		return nil
	}
	parts, _ := s.ask(p, time.After(patience))
	return parts
}

// maxSites bounds the classes that are asked for: there are not as many.
const maxSites = 1000

func (w *Worker) creators(class string) map[string]int {
	sites := map[string]int{}
	for _, v := range w.versions {
		if v.closed {
			continue
		}
		v.world.Realm.EachSite(class, func(f script.Frame) {
			if f.File != "" {
				sites[fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)]++
			}
		})
	}
	return sites
}
