// Package stats offers scripts the object stats: metrics of their own, and those of the whole process for Prometheus.
//
// Metrics belong to the worker that made them. What they come to over all workers is added up when somebody asks: stats.sum,
// stats.exposition, stats.scrape.
package stats

import "weir/internal/script"

// Namespace is the global object stats.
var Namespace = &script.Namespace{
	Name:    "stats",
	Sig:     "namespace object",
	Classes: []*script.Class{counterClass, gaugeClass, histogramClass},
	Methods: []script.Method{
		{Name: "sum", Sig: "(names: string[]) => Promise<object>", Length: 1, Fn: sum},
		{Name: "exposition", Sig: `(format: "prometheus" | "openmetrics" = "prometheus") => Promise<string> [beyond]`, Length: 1, Fn: exposition},
		{Name: "scrape", Sig: "(request?: Message) => Promise<Message> [beyond]", Length: 1, Fn: scrape},
	},
	Extra: append(script.ClassRows(metricClass), surface()...),
}

// surface lists the metrics that weir itself keeps.
func surface() []script.Row {
	rows := []script.Row{{Path: "callback:stats.Gauge.onCollect", Kind: "callback", Signature: "(gauge) => void"}}
	for _, m := range [][2]string{
		{"pipy_inbound_count", "gauge{listen,peer}"},
		{"pipy_inbound_in", "counter{listen,peer}, bytes"},
		{"pipy_inbound_out", "counter{listen,peer}, bytes"},
		{"pipy_outbound_count", "gauge{protocol,peer}"},
		{"pipy_outbound_in", "counter{protocol,peer}, bytes"},
		{"pipy_outbound_out", "counter{protocol,peer}, bytes"},
		{"pipy_outbound_conn_time", "histogram{protocol,peer}, milliseconds"},
		{"pipy_http2_stream_count", "gauge{type}"},
		{"pipy_pool_allocated_size", "gauge{class}, bytes"},
		{"pipy_pool_spare_size", "gauge{class}, bytes"},
		{"pipy_object_count", "gauge{class}"},
		{"pipy_chunk_count", "gauge{type}"},
		{"pipy_pipeline_count", "gauge{module,name}"},
		{"weir_log_dropped_records", "counter{logger,target} [beyond]"},
	} {
		// The lists have some of them under both kinds.
		for _, kind := range []string{"property", "constant"} {
			rows = append(rows, script.Row{Path: "metric:" + m[0], Kind: kind, Signature: m[1]})
		}
	}
	return rows
}
