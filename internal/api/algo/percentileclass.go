package algo

import (
	"weir/internal/logs"
	"weir/internal/script"
)

// PercentileClass is the class of algo.Percentile; its Go value is a *Percentile.
var PercentileClass = &script.Class{
	Name: "Percentile", Path: "algo.Percentile", Sig: "(buckets: number[])", Length: 1, Bound: true,
	New: newPercentile,
	Methods: []script.Method{
		{Name: "reset", Sig: "() => void", Fn: func(c *script.Call) (script.Value, error) {
			script.This[*Percentile](c).Reset()
			return script.Undefined, nil
		}},
		{Name: "observe", Sig: "(n: number) => void", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			n, err := requiredNumber(c)
			if err == nil {
				script.This[*Percentile](c).Observe(n)
			}
			return script.Undefined, err
		}},
		{Name: "calculate", Sig: "(percentage: int) => number", Length: 1, Fn: func(c *script.Call) (script.Value, error) {
			n, err := requiredNumber(c)
			if err != nil {
				return script.Undefined, err
			}
			return script.Number(script.This[*Percentile](c).Calculate(script.Truncate(n))), nil
		}},
	},
}

// requiredNumber returns the only argument, a number.
func requiredNumber(c *script.Call) (float64, error) {
	if err := c.Need(1); err != nil {
		return 0, err
	}
	return c.Number(0)
}

func newPercentile(c *script.Call) (any, error) {
	if err := c.Need(1); err != nil {
		return nil, err
	}
	array, err := c.Array(0)
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
			return nil, err
		}
		if i == 0 && bounds[0] <= 0 || i > 0 && !(bounds[i] > bounds[i-1]) {
			logs.Warnf("[algo] bounds of a Percentile should be above 0 and ascending: %v follows %v", bounds[i], before(bounds, i))
		}
	}
	return NewPercentile(bounds), nil
}

func before(bounds []float64, i int) float64 {
	if i == 0 {
		return 0
	}
	return bounds[i-1]
}
