package algo

import (
	"github.com/google/uuid"

	"weir/internal/script"
)

// callUUID returns a random UUID (RFC 9562, version 4) in lower case.
func callUUID(c *script.Call) (script.Value, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return script.Undefined, err
	}
	return c.String(id.String()), nil
}
