package status

import (
	"encoding/json"
	"strings"
	"testing"
)

// twoWorkers is what two workers count, added up.
func twoWorkers() *Dump {
	sum := NewDump()
	for i := range 2 {
		d := NewDump()
		d.Pools["script"] = Pool{Size: 1, Allocated: 100, Pooled: 10 * i}
		d.Chunks["Inbound"] = 1000
		d.Buffers["history"] = 1024
		d.Objects["Message"] = 3
		d.AddLayout(Layout{Module: "/b.js", Name: "x", Allocated: 2, Active: 1})
		d.AddLayout(Layout{Module: "/a.js", Name: "x", Allocated: 5, Active: i})
		d.AddLayout(Layout{Module: "/a.js", Name: "x", Allocated: 7, Stale: true})
		d.AddInbound(Inbound{IP: "::", Port: 443, Protocol: "TCP"})
		d.AddInbound(Inbound{IP: "0.0.0.0", Port: 53, Protocol: "UDP", Connections: 2})
		d.AddInbound(Inbound{IP: "::", Port: 443, Protocol: "TCP", Connections: 4, Buffered: 1})
		d.AddOutbound(Outbound{Port: 80, Protocol: "TCP", Connections: 1, Buffered: 1025})
		d.AddOutbound(Outbound{Connections: 1}) // netlink
		sum.Add(d)
	}
	return sum
}

func TestDumpJSON(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(twoWorkers())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"pools":{"script":{"size":1,"allocated":200,"pooled":10}},"chunks":{"Inbound":2},"buffers":{"history":2},"objects":{"Message":6},` +
		`"pipelines":[{"module":"/a.js","name":"x","allocated":10,"active":1,"stale":false},{"module":"/a.js","name":"x","allocated":14,"active":0,"stale":true},` +
		`{"module":"/b.js","name":"x","allocated":4,"active":2,"stale":false}],` +
		`"inbound":[{"ip":"::","port":443,"protocol":"TCP","connections":8,"buffered":1},{"ip":"0.0.0.0","port":53,"protocol":"UDP","connections":4,"buffered":0}],` +
		`"outbound":[{"port":0,"protocol":"","connections":2,"buffered":0},{"port":80,"protocol":"TCP","connections":2,"buffered":3}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if empty, _ := json.Marshal(NewDump()); string(empty) != `{"pools":{},"chunks":{},"buffers":{},"objects":{},"pipelines":[],"inbound":[],"outbound":[]}` {
		t.Errorf("empty: %s", empty)
	}
}

func TestDumpTables(t *testing.T) {
	t.Parallel()
	d := twoWorkers()
	for item, want := range map[string]string{
		"pools":     "POOL    SIZE  #USED  #SPARE  |script  1     200    10      |",
		"objects":   "CLASS    #INSTANCES  |Message  6           |",
		"chunks":    "DATA     SIZE(KB)  |Inbound  2         |",
		"buffers":   "BUFFER   SIZE(KB)  |history  2         |",
		"pipelines": "MODULE  PIPELINE  STATE     #ALLOCATED  #ACTIVE  |/a.js   x         Running   10          1        |/a.js   x         Draining  14          0        |/b.js   x         Running   4           2        |",
		"inbound":   "INBOUND  IP       PORT  #CONNECTIONS  BUFFERED(KB)  |TCP      ::       443   8             1             |UDP      0.0.0.0  53    4             0             |",
		"outbound":  "OUTBOUND  PORT  #CONNECTIONS  BUFFERED(KB)  |?         0     2             0             |TCP       80    2             3             |",
	} {
		got, err := d.Table(item)
		line, rows, _ := strings.Cut(got, "\n")
		if rows = strings.ReplaceAll(rows, "\n", "|"); err != nil || rows != want || strings.Trim(line, "-") != "" || len(line) != strings.Index(want, "|") {
			t.Errorf("%s: %v\n%q\n%q\n%q", item, err, line, rows, want)
		}
	}
	for _, item := range Items {
		if _, err := d.Table(item); err != nil {
			t.Error(err)
		}
	}
	if _, err := d.Table("none"); err == nil || err.Error() != "Unknown dump item: none" {
		t.Errorf("unknown item: %v", err)
	}
}
