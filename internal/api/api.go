// Package api is the list of everything scripts find in their world. A namespace is added by one line.
package api

import (
	"slices"
	"strings"

	"weir/internal/api/algo"
	"weir/internal/api/bgp"
	"weir/internal/api/bpf"
	"weir/internal/api/console"
	"weir/internal/api/crypto"
	"weir/internal/api/cstruct"
	"weir/internal/api/csv"
	"weir/internal/api/dns"
	"weir/internal/api/hessian"
	"weir/internal/api/httpapi"
	"weir/internal/api/ip"
	"weir/internal/api/json"
	"weir/internal/api/lang"
	"weir/internal/api/logging"
	"weir/internal/api/osapi"
	"weir/internal/api/pipy"
	"weir/internal/api/protobuf"
	"weir/internal/api/resp"
	"weir/internal/api/sqlite"
	"weir/internal/api/stats"
	"weir/internal/api/stun"
	"weir/internal/api/url"
	"weir/internal/api/xml"
	"weir/internal/api/yaml"
	"weir/internal/api/zlib"
	"weir/internal/event"
	"weir/internal/filter"
	"weir/internal/pipeline"
	"weir/internal/script"
)

// Namespaces are installed in this order.
var Namespaces = []*script.Namespace{
	lang.Namespace,
	event.Namespace,
	pipeline.Namespace,
	pipy.Namespace,
	pipy.Globals,
	pipy.Alias,
	filter.Namespace,
	console.Namespace,
	console.Print,
	httpapi.Namespace,
	osapi.Namespace,
	algo.Namespace,
	crypto.Namespace,
	json.Namespace,
	yaml.Namespace,
	url.Namespace,
	ip.Namespace,
	stats.Namespace,
	logging.Namespace,
	sqlite.Namespace,
	zlib.Namespace,
	xml.Namespace,
	csv.Namespace,
	bgp.Namespace,
	hessian.Namespace,
	resp.Namespace,
	cstruct.Namespace,
	bpf.Namespace,
	protobuf.Namespace,
	dns.Namespace,
	stun.Namespace,
}

// Install makes all of it part of a realm.
func Install(r *script.Realm) error {
	for _, n := range Namespaces {
		if err := r.Install(n); err != nil {
			return err
		}
	}
	return nil
}

// Surface lists the whole scripting surface, sorted by path, each row once.
func Surface() []script.Row {
	var rows []script.Row
	for _, n := range Namespaces {
		rows = append(rows, n.Surface()...)
		if n == lang.Namespace {
			continue
		}
		if n.Name != "" {
			rows = append(rows, script.Row{Path: n.Name, Kind: "global", Signature: "object"})
		}
		for _, k := range n.Classes {
			if n.Name == "" { // the list has host classes as globals, too
				rows = append(rows, script.Row{Path: k.Name, Kind: "global", Signature: k.Sig})
			}
		}
	}
	rows = append(rows, pipeline.Surface()...)
	slices.SortStableFunc(rows, func(a, b script.Row) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return strings.Compare(a.Kind, b.Kind)
	})
	return slices.CompactFunc(rows, func(a, b script.Row) bool { return a.Path == b.Path && a.Kind == b.Kind })
}
