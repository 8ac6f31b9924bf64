package logging

import (
	"math"
	"slices"

	"weir/internal/logs"
	"weir/internal/logs/target"
	"weir/internal/metrics"
	"weir/internal/script"
)

// logger is the Go value of a script's logger.
type logger struct {
	name    string
	format  func(r *script.Realm, values []script.Value) ([]byte, error)
	history *logs.History // nil before the first record
	targets []output
	own     []*target.Target // nobody else's: they end with the logger
}

// output is where records of one logger go.
type output struct {
	open    func() (*target.Target, error) // nil once target is there
	target  *target.Target
	dropped *metrics.Shared
}

// RealmClosed implements script.Closer.
func (l *logger) RealmClosed() { l.close() }

func (l *logger) close() {
	for _, t := range l.own {
		t.Close()
	}
}

func (l *logger) add(name string, open func() (*target.Target, error)) {
	l.targets = append(l.targets, output{open: open, dropped: target.Dropped(l.name, name)})
}

// log gives a record to the history and all targets.
func (l *logger) log(text []byte) {
	if l.history == nil {
		l.history = target.History(l.name)
	}
	line := append(text, '\n')
	l.history.Append(line)
	text = line[:len(text)]
	for i := range l.targets {
		o := &l.targets[i]
		if o.target == nil {
			t, err := o.open()
			if err != nil {
				o.dropped.Add(1)
				continue
			}
			o.target, o.open = t, nil
		}
		o.target.Write(text, o.dropped)
	}
}

// loggerClass has what all loggers have in common.
var loggerClass = &script.Class{
	Name: "Logger", Path: "logging.Logger", Bound: true,
	Methods: []script.Method{
		{Name: "log", Sig: "(...values) => void", Fn: func(c *script.Call) (script.Value, error) {
			l := script.This[*logger](c)
			text, err := l.format(c.Realm, c.Args)
			if err != nil {
				return script.Undefined, err
			}
			l.log(text)
			return script.Undefined, nil
		}},
		{Name: "toStdout", Sig: "() => Logger", Fn: func(c *script.Call) (script.Value, error) {
			script.This[*logger](c).add("stdout", func() (*target.Target, error) { return target.Stdout(), nil })
			return c.This, nil
		}},
		{Name: "toStderr", Sig: "() => Logger", Fn: func(c *script.Call) (script.Value, error) {
			script.This[*logger](c).add("stderr", func() (*target.Target, error) { return target.Stderr(), nil })
			return c.This, nil
		}},
		{Name: "toFile", Sig: "(filename: string, options?) => Logger", Length: 2, Fn: toFile},
		{Name: "toSyslog", Sig: `(priority: string = "INFO") => Logger`, Length: 1, Fn: toSyslog},
		{Name: "toHTTP", Sig: "(url: string, options?) => Logger", Length: 2, Fn: toHTTP},
	},
}

func loggerOf(name string, format func(*script.Realm, []script.Value) ([]byte, error)) *script.Class {
	return &script.Class{
		Name: name, Path: "logging." + name, Sig: "(name: string)", Length: 1, Bound: true, Parent: loggerClass,
		New: func(c *script.Call) (any, error) {
			if err := c.Need(1); err != nil {
				return nil, err
			}
			name, err := c.Str(0)
			return &logger{name: name, format: format}, err
		},
		Finalize: func(v any) { v.(*logger).close() },
	}
}

var (
	textClass   = loggerOf("TextLogger", formatText)
	jsonClass   = loggerOf("JSONLogger", formatJSON)
	binaryClass = loggerOf("BinaryLogger", formatBinary)
)

// firstText returns the first argument, a string, and checks that the second is an object or absent.
func firstText(c *script.Call) (string, error) {
	if err := c.Need(1); err != nil {
		return "", err
	}
	s, err := c.Str(0)
	if err == nil && c.Has(1) {
		_, err = c.Object(1)
	}
	return s, err
}

func toFile(c *script.Call) (script.Value, error) {
	name, err := firstText(c)
	if err != nil {
		return script.Undefined, err
	}
	o := c.Options(c.Arg(1))
	rotation := logs.FileOptions{
		MaxSize:  int64(min(max(o.Number("maxFileSize", 0), 0), math.MaxInt64/2)),
		MaxCount: max(o.Int("maxFileCount", 0), 0),
		Interval: script.ToDuration(o.Number("rotateInterval", 0)),
	}
	o.Bool("shared", true)
	o.Bool("append", true)
	if err := o.Err(); err != nil {
		return script.Undefined, err
	}
	l := script.This[*logger](c)
	if name == "-" {
		l.add("stdout", func() (*target.Target, error) { return target.Stdout(), nil })
	} else {
		l.add(name, func() (*target.Target, error) { return target.File(name, rotation) })
	}
	return c.This, nil
}

func toSyslog(c *script.Call) (script.Value, error) {
	priority := "INFO"
	if c.Has(0) {
		var err error
		if priority, err = c.Str(0); err != nil {
			return script.Undefined, err
		}
		if !slices.Contains(target.Priorities, priority) {
			return script.Undefined, script.EnumError(0)
		}
	}
	script.This[*logger](c).add("syslog", func() (*target.Target, error) { return target.Syslog(priority), nil })
	return c.This, nil
}
