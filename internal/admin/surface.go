package admin

import (
	"strings"
)

// Row is a line of the list of everything there is: see weir api.
type Row struct{ Path, Kind, Signature string }

// Surface lists the service's requests and the JSON they give.
func Surface() []Row {
	var rows []Row
	add := func(path, signature string) { rows = append(rows, Row{"http:" + path, "endpoint", signature}) }
	add("GET /status", "JSON status")
	add("GET /dump", "JSON dump")
	for _, item := range []string{"pools", "objects", "chunks", "buffers", "pipelines", "inbound", "outbound"} {
		add("GET /dump/"+item, "text table; items are joined by +")
	}
	add("GET /dump/objects/<class>", "text: <count> <module>:<line>:<column>, with --trace-objects")
	add("GET /log", "text: history of pipy_log")
	add("GET /log/<name>", "text: history of a logger, 404")
	add("GET /metrics", "Prometheus or OpenMetrics text by accept, optional gzip")
	add("GET /options", "text: effective options, without secrets")
	add("POST /options", "text body: options; only --log-level applies; 200, 204, 400")
	add("GET /healthz", "200 if all workers answer within a second, else 503; without a token [beyond]")
	add("GET /api/v1/status", "as GET /status")
	add("GET /api/v1/metrics", "JSON history of local metrics")
	add("GET /api/v1/metrics/<name>", "JSON history of one local metric")
	add("GET /api/v1/metrics/<uuid>/", "JSON history of an instance, 404")
	add("GET /api/v1/metrics/<uuid>/<name>", "JSON history of one metric of an instance, 404")
	add("WS /api/v1/log/<uuid>/<name>", `log stream; the client sends "watch\n"; 404, 405`)
	add("POST /api/v1/graph", "text body: script; JSON diagram; 400")
	add("GET /api/v1/files", "JSON {main, files, readOnly}")
	add("PATCH /api/v1/files", "JSON {main}; 201, 400, 404")
	add("GET /api/v1/files/<path>", "raw file; 404")
	add("POST /api/v1/files/<path>", "write file; 201, 404, 405, 413")
	add("PATCH /api/v1/files/<path>", "write file; 201, 404, 405, 413")
	add("DELETE /api/v1/files/<path>", "delete file; 204, 404, 405")
	add("GET /api/v1/program", "text: running program")
	add("POST /api/v1/program", "text body: codebase path or /; start; 201, 400")
	add("PATCH /api/v1/program", "text body: codebase path or /; reload; 201, 400")
	add("DELETE /api/v1/program", "stop; 204")
	add("ANY /admin/<path>", "custom paths of the program; 200 joined answers of the threads; 404, 503, 504")
	add("GET /", "page for browsers")
	add("GET /home", "page for browsers")
	add("GET /docs/<lang>/<page>", "page for browsers")
	add("GET /repo/<path> (accept: text/html)", "page for browsers")
	rows = append(rows, Row{"link:viewer:watch", "endpoint", `watch\n`})
	for _, field := range []string{
		"status.timestamp integer ms", "status.since integer ms", "status.uuid string", "status.name string", "status.ip string",
		"status.version string", "status.modules {file: {graph}}", "status.metrics {version, last?, roots}", "status.logs string[]",
		"files.main string", "files.files string[]", "files.readOnly boolean",
		"metrics.time seconds, monotonic", "metrics.metrics [{k,t,l,v,s?}]",
		"graph.roots number[]", "graph.nodes [{name,t,st?,ot?,p?,c?}]",
		"dump.pools {name: {size, allocated, pooled}}", "dump.chunks {name: KB}", "dump.buffers {name: KB}", "dump.objects {class: n}",
		"dump.pipelines [{module,name,allocated,active,stale}]", "dump.inbound [{ip,port,protocol,connections,buffered}]",
		"dump.outbound [{port,protocol,connections,buffered}]",
	} {
		path, signature, _ := strings.Cut(field, " ")
		rows = append(rows, Row{"json:" + path, "property", signature})
	}
	rows = append(rows, Row{"log:pipy_log", "constant", "system logger"}, Row{"log:" + AuditLog, "constant", "audit logger"})
	return rows
}
