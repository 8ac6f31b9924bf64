package status

import (
	"encoding/json"

	"weir/internal/diagram"
)

// Status describes a process and its program. Its JSON has the members in this order.
type Status struct {
	Timestamp int64             `json:"timestamp"` // ms since 1970: now
	Since     int64             `json:"since"`     // ms since 1970: when the program was started; 0 without a program
	UUID      string            `json:"uuid"`
	Name      string            `json:"name"`
	IP        string            `json:"ip"` // local address of the connection the status is reported on
	Version   string            `json:"version"`
	Modules   map[string]Module `json:"modules"`           // legacy modules by file
	Metrics   json.RawMessage   `json:"metrics,omitempty"` // only in reports to a repo
	Logs      []string          `json:"logs"`              // names of the logs there are, sorted
}

// Module is a file with pipelines.
type Module struct {
	Graph *diagram.Diagram `json:"graph"`
}
