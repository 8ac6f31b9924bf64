package tokens

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxDepth bounds nesting.
const maxDepth = 100

var errJSON = errors.New("not a JSON object")

// decodeObject reads a text that is one JSON object, keeping the order of members.
func decodeObject(b []byte) (Object, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	v, err := decodeValue(d, 0)
	if err != nil {
		return nil, err
	}
	o, ok := v.(Object)
	if _, err := d.Token(); !ok || err != io.EOF {
		return nil, errJSON
	}
	return o, nil
}

func decodeValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if depth >= maxDepth {
		return nil, errJSON
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			v, err := decodeValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	o := Object{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := decodeValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		if name == "__proto__" { // assigned to a script object it would become what the others are inherited from
			continue
		}
		o = append(o, Member{Name: name.(string), Value: v})
	}
	_, err = d.Token()
	return o, err
}
