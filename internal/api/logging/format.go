package logging

import (
	"weir/internal/api/json"
	"weir/internal/event"
	"weir/internal/script"
)

// formatText joins values with blanks. Objects and null are followed by their JSON.
func formatText(r *script.Realm, values []script.Value) ([]byte, error) {
	var b []byte
	for i, v := range values {
		if i > 0 {
			b = append(b, ' ')
		}
		s, err := r.ToString(v)
		if err != nil {
			return nil, err
		}
		b = append(b, s...)
		if v.IsNull() || v.IsObject() && !r.IsFunction(v) {
			s, _, err := json.Stringify(r, v)
			if err != nil {
				return nil, err
			}
			b = append(append(b, ':'), s...)
		}
	}
	return b, nil
}

// formatJSON writes the JSON of each value, without anything in between.
func formatJSON(r *script.Realm, values []script.Value) ([]byte, error) {
	var b []byte
	for _, v := range values {
		s, _, err := json.Stringify(r, v)
		if err != nil {
			return nil, err
		}
		b = append(b, s...)
	}
	return b, nil
}

// formatBinary writes the bytes of each value: those of a Data, of a text, the elements of an array.
func formatBinary(r *script.Realm, values []script.Value) ([]byte, error) {
	var b []byte
	for _, v := range values {
		if d, ok := event.DataOf(r, v); ok {
			b = d.AppendTo(b)
			continue
		}
		if !r.IsArray(v) {
			s, err := r.ToString(v)
			if err != nil {
				return nil, err
			}
			b = append(b, s...)
			continue
		}
		for i := range r.Len(v) {
			end := r.Scope()
			e, err := r.GetIndex(v, i)
			var n float64
			if err == nil {
				n, err = r.ToNumber(e)
			}
			end()
			if err != nil {
				return nil, err
			}
			b = append(b, byte(script.Truncate(n)))
		}
	}
	return b, nil
}
