package stats

import (
	"fmt"

	"weir/internal/logs"
	"weir/internal/metrics"
	"weir/internal/script"
)

// metricClass has what all metrics have in common.
var metricClass = &script.Class{
	Name: "Metric", Path: "stats.Metric", Bound: true,
	Methods: []script.Method{
		{Name: "submetrics", Sig: "() => Metric[]", Fn: submetrics},
		{Name: "withLabels", Sig: "(...values) => Metric | null", Fn: withLabels},
		{Name: "clear", Sig: "() => void", Fn: action(func(m *metric) { m.clear() })},
		{Name: "valueOf", Sig: "() => number | number[]", Fn: func(c *script.Call) (script.Value, error) {
			return primitive(c, script.This[*metric](c).node), nil
		}},
		{Name: "toString", Sig: "() => string [beyond]", Fn: func(c *script.Call) (script.Value, error) {
			s, err := c.ToString(primitive(c, script.This[*metric](c).node))
			return c.String(s), err
		}},
	},
	Props: []script.Prop{
		property("name", "string", func(c *script.Call, n *metrics.Node) script.Value { return c.String(n.Metric().Name) }),
		property("type", "string", func(c *script.Call, n *metrics.Node) script.Value { return c.String(n.Metric().Type()) }),
		property("dimensions", "number", func(_ *script.Call, n *metrics.Node) script.Value {
			if n.Metric().Kind == metrics.Histogram {
				return script.Int(len(n.Metric().Bounds) + 2)
			}
			return script.Int(1)
		}),
		property("label", "string | undefined", func(c *script.Call, n *metrics.Node) script.Value {
			if n.Root() {
				return script.Undefined
			}
			return c.String(n.Label())
		}),
		property("value", "number | number[]", value),
	},
}

func property(name, sig string, get func(*script.Call, *metrics.Node) script.Value) script.Prop {
	return script.Prop{Name: name, Sig: sig, Get: func(c *script.Call) (script.Value, error) {
		return get(c, script.This[*metric](c).node), nil
	}}
}

func action(f func(*metric)) script.Func {
	return func(c *script.Call) (script.Value, error) {
		f(script.This[*metric](c))
		return script.Undefined, nil
	}
}

func submetrics(c *script.Call) (script.Value, error) {
	m := script.This[*metric](c)
	list := c.NewArray()
	for i, n := range m.node.Subs() {
		c.SetIndex(list, i, m.sub(c.Realm, n.Label()))
	}
	return list, nil
}

func withLabels(c *script.Call) (script.Value, error) {
	if len(c.Args) == 0 {
		return c.This, nil
	}
	m := script.This[*metric](c)
	if m.node.Leaf() {
		return script.Null, nil
	}
	v := c.This
	for _, arg := range c.Args {
		label, err := c.ToString(arg)
		if err != nil {
			return script.Undefined, err
		}
		v = m.sub(c.Realm, label)
		m, _ = script.As[*metric](c.Realm, v)
		if m.node.Leaf() {
			break
		}
	}
	return v, nil
}

func numbers[T uint64 | float64](c *script.Call, list []T, more ...float64) script.Value {
	a := c.NewArray()
	for i, n := range list {
		c.SetIndex(a, i, script.Number(float64(n)))
	}
	for i, n := range more {
		c.SetIndex(a, len(list)+i, script.Number(n))
	}
	return a
}

func value(c *script.Call, n *metrics.Node) script.Value {
	if n.Metric().Kind == metrics.Histogram {
		return numbers(c, n.Buckets(), float64(n.Count()), n.Value())
	}
	return script.Number(n.Value())
}

func primitive(c *script.Call, n *metrics.Node) script.Value {
	if n.Metric().Kind == metrics.Histogram {
		return numbers(c, n.Cumulative())
	}
	return script.Number(n.Value())
}

var zero = script.Method{Name: "zero", Sig: "() => void", Fn: action(func(m *metric) { m.node.Zero() })}

// change is a method that adds sign*n, n being 1 if it is not given.
func change(name string, sign float64) script.Method {
	return script.Method{Name: name, Sig: "(n = 1) => void", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
		n := 1.0
		if c.Has(0) {
			var err error
			if n, err = c.Number(0); err != nil {
				return script.Undefined, err
			}
		}
		script.This[*metric](c).node.Add(sign * n)
		return script.Undefined, nil
	}}
}

// take is a method with one number.
func take(name string, f func(*metrics.Node, float64)) script.Method {
	return script.Method{Name: name, Sig: "(n: number) => void", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
		if err := c.Need(1); err != nil {
			return script.Undefined, err
		}
		n, err := c.Number(0)
		if err == nil {
			f(script.This[*metric](c).node, n)
		}
		return script.Undefined, err
	}}
}

var counterClass = &script.Class{
	Name: "Counter", Path: "stats.Counter", Sig: "(name: string, labelNames?: string[])", Length: 2, Bound: true, Parent: metricClass,
	Methods: []script.Method{zero, change("increase", 1)},
}

var gaugeClass = &script.Class{
	Name: "Gauge", Path: "stats.Gauge", Sig: "(name: string, labelNames?: string[], onCollect?: (gauge) => void)", Length: 3,
	Bound: true, Parent: metricClass,
	Methods: []script.Method{zero, change("increase", 1), change("decrease", -1), take("set", (*metrics.Node).Set)},
}

var histogramClass = &script.Class{
	Name: "Histogram", Path: "stats.Histogram", Sig: "(name: string, buckets: number[], labelNames?: string[])", Length: 3,
	Bound: true, Parent: metricClass,
	Methods: []script.Method{zero, take("observe", (*metrics.Node).Observe)},
	Props: []script.Prop{{Name: "percentile", Sig: "algo.Percentile", Get: func(c *script.Call) (script.Value, error) {
		return script.This[*metric](c).percentiles(c.Realm), nil
	}}},
}

// Constructors make objects of the classes: they are set here, where no initialization cycle arises.
func init() {
	counterClass.Make = func(c *script.Call) (script.Value, error) {
		name, labels, err := arguments(c, 1, 1)
		if err != nil {
			return script.Undefined, err
		}
		return register(c, metrics.New(metrics.Counter, name, labels, nil), script.Undefined), nil
	}
	gaugeClass.Make = func(c *script.Call) (script.Value, error) {
		name, labels, err := arguments(c, 1, 1)
		if err != nil {
			return script.Undefined, err
		}
		if c.Has(2) {
			if _, err := c.Function(2); err != nil {
				return script.Undefined, err
			}
		}
		return register(c, metrics.New(metrics.Gauge, name, labels, nil), c.Arg(2)), nil
	}
	histogramClass.Make = func(c *script.Call) (script.Value, error) {
		name, labels, err := arguments(c, 2, 2)
		if err != nil {
			return script.Undefined, err
		}
		bounds, err := buckets(c, name)
		if err != nil {
			return script.Undefined, err
		}
		return register(c, metrics.New(metrics.Histogram, name, labels, bounds), script.Undefined), nil
	}
}

// arguments returns the name and, at an index, the names of labels.
func arguments(c *script.Call, need, at int) (name string, labels []string, err error) {
	if err := c.Need(need); err != nil {
		return "", nil, err
	}
	if name, err = c.Str(0); err != nil || !c.Has(at) {
		return name, nil, err
	}
	labels, err = texts(c, at)
	return name, labels, err
}

// texts returns the i-th argument, an array, as strings.
func texts(c *script.Call, i int) ([]string, error) {
	array, err := c.Array(i)
	if err != nil {
		return nil, err
	}
	elements, err := c.Elements(array)
	if err != nil {
		return nil, err
	}
	list := make([]string, len(elements))
	for i, e := range elements {
		if list[i], err = c.ToString(e); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// buckets returns the second argument, upper bounds.
func buckets(c *script.Call, name string) ([]float64, error) {
	array, err := c.Array(1)
	if err != nil {
		return nil, err
	}
	elements, err := c.Elements(array)
	if err != nil {
		return nil, err
	}
	bounds := make([]float64, len(elements))
	for i, e := range elements {
		if bounds[i], err = c.ToNumber(e); err != nil {
			return nil, fmt.Errorf("bucket %d: %w", i, err)
		}
		if i > 0 && !(bounds[i] > bounds[i-1]) {
			logs.Warnf("[stats] bounds of histogram %s should be ascending: %v follows %v", name, bounds[i], bounds[i-1])
		}
	}
	return bounds, nil
}
