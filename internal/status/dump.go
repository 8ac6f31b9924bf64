package status

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Dump counts what workers have. Its JSON has the members in this order.
type Dump struct {
	Pools     map[string]Pool `json:"pools"`
	Chunks    map[string]KB   `json:"chunks"`  // data waiting to be sent, by where it waits
	Buffers   map[string]KB   `json:"buffers"` // what else is kept in memory
	Objects   map[string]int  `json:"objects"` // living script objects by class
	Pipelines []Layout        `json:"pipelines"`
	Inbound   []Inbound       `json:"inbound"`
	Outbound  []Outbound      `json:"outbound"`
}

// Pool is memory of one kind.
type Pool struct {
	Size      int `json:"size"`      // bytes of an item
	Allocated int `json:"allocated"` // items in use
	Pooled    int `json:"pooled"`    // items kept for later use
}

// Layout is a pipeline as it is declared.
type Layout struct {
	Module    string `json:"module"`
	Name      string `json:"name"`
	Allocated int    `json:"allocated"` // pipelines that were made of it
	Active    int    `json:"active"`    // those that run
	Stale     bool   `json:"stale"`     // it belongs to a version that has been replaced
}

// Inbound is an open port.
type Inbound struct {
	IP          string `json:"ip"`
	Port        int    `json:"port"`
	Protocol    string `json:"protocol"`
	Connections int    `json:"connections"`
	Buffered    KB     `json:"buffered"`
}

// Outbound is what is connected to a port of others.
type Outbound struct {
	Port        int    `json:"port"`
	Protocol    string `json:"protocol"`
	Connections int    `json:"connections"`
	Buffered    KB     `json:"buffered"`
}

// KB is a number of bytes that is shown in units of 1024, rounded up.
type KB int64

func (k KB) String() string { return strconv.FormatInt((int64(k)+1023)>>10, 10) }

// MarshalJSON implements json.Marshaler.
func (k KB) MarshalJSON() ([]byte, error) { return []byte(k.String()), nil }

// NewDump returns a dump that counts nothing.
func NewDump() *Dump {
	return &Dump{Pools: map[string]Pool{}, Chunks: map[string]KB{}, Buffers: map[string]KB{}, Objects: map[string]int{},
		Pipelines: []Layout{}, Inbound: []Inbound{}, Outbound: []Outbound{}}
}

// Add adds what another dump counts.
func (d *Dump) Add(o *Dump) {
	for name, p := range o.Pools {
		q := d.Pools[name]
		d.Pools[name] = Pool{p.Size, p.Allocated + q.Allocated, p.Pooled + q.Pooled}
	}
	for name, n := range o.Chunks {
		d.Chunks[name] += n
	}
	for name, n := range o.Buffers {
		d.Buffers[name] += n
	}
	for name, n := range o.Objects {
		d.Objects[name] += n
	}
	for _, l := range o.Pipelines {
		d.AddLayout(l)
	}
	for _, in := range o.Inbound {
		d.AddInbound(in)
	}
	for _, ob := range o.Outbound {
		d.AddOutbound(ob)
	}
}

// AddLayout counts pipelines.
func (d *Dump) AddLayout(l Layout) {
	i, found := slices.BinarySearchFunc(d.Pipelines, l, func(a, b Layout) int {
		stale := 0
		if a.Stale != b.Stale {
			stale = 1
			if b.Stale {
				stale = -1
			}
		}
		return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Name, b.Name), stale)
	})
	if !found {
		d.Pipelines = slices.Insert(d.Pipelines, i, l)
		return
	}
	d.Pipelines[i].Allocated += l.Allocated
	d.Pipelines[i].Active += l.Active
}

// AddInbound counts connections to a port.
func (d *Dump) AddInbound(in Inbound) {
	i, found := slices.BinarySearchFunc(d.Inbound, in, func(a, b Inbound) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.IP, b.IP), cmp.Compare(a.Port, b.Port))
	})
	if !found {
		d.Inbound = slices.Insert(d.Inbound, i, in)
		return
	}
	d.Inbound[i].Connections += in.Connections
	d.Inbound[i].Buffered += in.Buffered
}

// AddOutbound counts connections to others.
func (d *Dump) AddOutbound(ob Outbound) {
	i, found := slices.BinarySearchFunc(d.Outbound, ob, func(a, b Outbound) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Port, b.Port))
	})
	if !found {
		d.Outbound = slices.Insert(d.Outbound, i, ob)
		return
	}
	d.Outbound[i].Connections += ob.Connections
	d.Outbound[i].Buffered += ob.Buffered
}

// Items are what Table knows.
var Items = []string{"pools", "objects", "chunks", "buffers", "pipelines", "inbound", "outbound"}

// Table prints one of Items for people. An unknown one is an error.
func (d *Dump) Table(item string) (string, error) {
	var t table
	switch item {
	case "pools":
		t.row("POOL", "SIZE", "#USED", "#SPARE")
		for _, name := range slices.Sorted(maps.Keys(d.Pools)) {
			p := d.Pools[name]
			t.row(name, p.Size, p.Allocated, p.Pooled)
		}
	case "objects":
		t.row("CLASS", "#INSTANCES")
		for _, name := range slices.Sorted(maps.Keys(d.Objects)) {
			t.row(name, d.Objects[name])
		}
	case "chunks":
		t.row("DATA", "SIZE(KB)")
		for _, name := range slices.Sorted(maps.Keys(d.Chunks)) {
			t.row(name, d.Chunks[name])
		}
	case "buffers":
		t.row("BUFFER", "SIZE(KB)")
		for _, name := range slices.Sorted(maps.Keys(d.Buffers)) {
			t.row(name, d.Buffers[name])
		}
	case "pipelines":
		t.row("MODULE", "PIPELINE", "STATE", "#ALLOCATED", "#ACTIVE")
		for _, l := range d.Pipelines {
			state := "Running"
			if l.Stale {
				state = "Draining"
			}
			t.row(l.Module, l.Name, state, l.Allocated, l.Active)
		}
	case "inbound":
		t.row("INBOUND", "IP", "PORT", "#CONNECTIONS", "BUFFERED(KB)")
		for _, in := range d.Inbound {
			t.row(protocolCell(in.Protocol), in.IP, in.Port, in.Connections, in.Buffered)
		}
	case "outbound":
		t.row("OUTBOUND", "PORT", "#CONNECTIONS", "BUFFERED(KB)")
		for _, ob := range d.Outbound {
			t.row(protocolCell(ob.Protocol), ob.Port, ob.Connections, ob.Buffered)
		}
	default:
		//lint:ignore ST1005 the message clients know
		return "", fmt.Errorf("Unknown dump item: %s", item)
	}
	return t.String(), nil
}

// protocolCell is how the table shows a protocol without a name.
func protocolCell(name string) string {
	if name == "" {
		return "?"
	}
	return name
}

// table is text in columns. The first row is the header.
type table [][]string

func (t *table) row(cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = fmt.Sprint(c)
	}
	*t = append(*t, texts)
}

// String prints a line as wide as the table, and the rows, with all cells padded by two spaces at least.
func (t table) String() string {
	var widths []int
	for _, row := range t {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell)+2)
		}
	}
	total := 0
	for _, w := range widths {
		total += w
	}
	var b strings.Builder
	b.WriteString(strings.Repeat("-", total) + "\n")
	for _, row := range t {
		for i, cell := range row {
			b.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		b.WriteString("\n")
	}
	return b.String()
}
