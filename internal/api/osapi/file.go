package osapi

import (
	"errors"
	"fmt"
	"os"

	"weir/internal/api/console"
	"weir/internal/event"
	"weir/internal/logs"
	"weir/internal/script"
	"weir/internal/stream"
)

func read(c *script.Call, path string) (script.Value, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return script.Undefined, fmt.Errorf("cannot open file: %s", path)
	}
	return event.NewData(c.Realm, stream.NewData(b)), nil
}

// readFile is read, but a failure is logged only.
func readFile(c *script.Call, path string) (script.Value, error) {
	v, err := read(c, path)
	if err != nil {
		console.SinkOf(c.Realm).Log(logs.Error, err.Error())
		return script.Null, nil
	}
	return v, nil
}

func write(c *script.Call, path string) (script.Value, error) {
	content, err := contentOf(c)
	if err != nil {
		return script.Undefined, err
	}
	return script.Undefined, writeData(path, content)
}

// writeFile is write, but a failure to write is logged only.
func writeFile(c *script.Call, path string) (script.Value, error) {
	content, err := contentOf(c)
	if err != nil {
		return script.Undefined, err
	}
	if err := writeData(path, content); err != nil {
		console.SinkOf(c.Realm).Log(logs.Error, err.Error())
	}
	return script.Undefined, nil
}

// contentOf reads the second argument of write; null is no content.
func contentOf(c *script.Call) (*stream.Data, error) {
	if err := c.Need(2); err != nil {
		return nil, err
	}
	v := c.Arg(1)
	if s, ok := c.AsString(v); ok {
		return stream.NewString(s), nil
	}
	if d, ok := event.DataOf(c.Realm, v); ok {
		return d, nil
	}
	if v.IsNull() {
		return new(stream.Data), nil
	}
	return nil, script.ArgError(1, "a Data or string")
}

func writeData(path string, d *stream.Data) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return fmt.Errorf("cannot open file: %s", path)
	}
	for _, s := range d.Segments() {
		if _, err = f.Write(s); err != nil {
			break
		}
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("cannot write file: %w", err)
	}
	return nil
}

func rename(c *script.Call, from string) (script.Value, error) {
	if err := c.Need(2); err != nil {
		return script.Undefined, err
	}
	to, err := c.Str(1)
	if err != nil {
		return script.Undefined, err
	}
	if os.Rename(from, to) != nil {
		return script.Undefined, fmt.Errorf("cannot rename file: %s -> %s", from, to)
	}
	return script.Undefined, nil
}

func unlink(_ *script.Call, path string) (script.Value, error) {
	return script.Bool(removeFile(path) == nil), nil
}

// removeFile removes anything but a directory.
func removeFile(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return errors.New("is a directory")
	}
	return os.Remove(path)
}
