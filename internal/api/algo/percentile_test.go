package algo

import (
	"math"
	"testing"
)

func TestPercentile(t *testing.T) {
	t.Parallel()
	inf := math.Inf(1)
	for _, c := range []struct {
		name    string
		samples []float64
		percent int
		want    float64
	}{
		{"no samples", nil, 50, 0},
		{"zero", []float64{5}, 0, 0},
		{"negative", []float64{5}, -1, 0},
		{"half", []float64{1, 2, 11, 12}, 50, 10},
		{"interpolated", []float64{1, 2, 3, 4}, 50, 5},
		{"second bucket", []float64{1, 11, 12, 13, 14}, 60, 15},
		{"all", []float64{1, 2}, 100, 10},
		{"too many", []float64{1, 2}, 150, inf},
		{"empty first bucket", []float64{15}, 50, 0},
		{"dropped", []float64{1, 1000, 1000, 1000}, 100, 10},
		{"on the bound", []float64{10, 20}, 50, 10},
	} {
		p := NewPercentile([]float64{10, 20, 40})
		for _, s := range c.samples {
			p.Observe(s)
		}
		if got := p.Calculate(c.percent); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		p.Reset()
		if got := p.Calculate(100); got != 0 {
			t.Errorf("%s: %v after Reset", c.name, got)
		}
	}
}

func TestPercentileClass(t *testing.T) {
	t.Parallel()
	runCases(t, []scriptCase{
		{"use", "var p = new algo.Percentile([10, 20]), o = p.observe; o(1); o(11); text([p.calculate(50), p.calculate(100), p.calculate(200), (p.reset(), p.calculate(50))])", `[10,20,"Infinity",0]`},
		{"bounds out of order are taken", "var p = new algo.Percentile([0, 5, 3]); p.observe(4); p.calculate(100)", "5"},
		{"errors", "text([() => new algo.Percentile, () => new algo.Percentile(1), () => new algo.Percentile([1]).observe(), () => new algo.Percentile([1]).observe('1'), () => new algo.Percentile([1]).calculate()].map(fails))",
			`["requires 1 or more arguments","argument #1 expects an array","requires 1 or more arguments","argument #1 expects a number","requires 1 or more arguments"]`},
	})
}
