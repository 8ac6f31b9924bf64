import { h, svg } from './dom.js'

const samples = 60, period = 5 // seconds between samples

// series turns the samples of a metric into what people look at: counters into rates, histograms into percentiles of what came
// between two samples. lines has what a large chart shows besides.
export function series({ t, v = [] }) {
  if (t.startsWith('Histogram')) {
    const bounds = JSON.parse(t.slice('Histogram'.length) || '[]').map(b => b === 'Inf' ? Infinity : b === '-Inf' ? -Infinity : Number(b))
    const steps = v[0]?.length ? differences(transpose(v)) : []
    const percentile = p => steps.map(s => quantile(bounds, s, p))
    const lines = {
      average: steps.map(s => s.at(-2) > 0 ? s.at(-1) / s.at(-2) : NaN), '90th percentile': percentile(0.9), '95th percentile': percentile(0.95), '99th percentile': percentile(0.99),
    }
    return { main: lines['90th percentile'], lines, unit: '' }
  }
  if (t === 'Counter') {
    const main = v.slice(1).map((x, i) => Math.max(0, x - v[i]) / period)
    return { main, lines: { rate: main }, unit: ' /s' }
  }
  return { main: v, lines: { value: v }, unit: '' }
}

// transpose makes one array per sample of one per bucket.
const transpose = v => v[0].map((_, i) => v.map(row => row[i] ?? 0))
const differences = rows => rows.slice(1).map((row, i) => row.map((x, j) => Math.max(0, x - rows[i][j])))

// quantile looks up the bound below which a share p of the counts lies, between two bounds in proportion.
export function quantile(bounds, counts, p) {
  const total = counts.at(-2)
  if (!(total > 0)) return NaN
  let below = 0, low = 0
  for (let i = 0; i < bounds.length; i++) {
    if (below + counts[i] >= p * total && counts[i] > 0) {
      if (bounds[i] === Infinity) return low
      return low + (bounds[i] - low) * (p * total - below) / counts[i]
    }
    below += counts[i]
    low = bounds[i]
  }
  return low
}

export function format(n) {
  if (n == null || Number.isNaN(n)) return '–'
  const size = Math.abs(n)
  for (const [limit, suffix] of [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e4, 'k']]) {
    if (size >= limit) return (n / (suffix === 'k' ? 1e3 : limit)).toFixed(1) + suffix
  }
  return Number.isInteger(n) ? String(n) : n.toFixed(size < 1 ? 3 : size < 100 ? 2 : 1)
}

const finite = values => values.filter(Number.isFinite)

// points leaves gaps where there is no value.
function path(values, width, height, max) {
  let d = '', pen = false
  const offset = samples - values.length
  values.forEach((v, i) => {
    if (!Number.isFinite(v)) { pen = false; return }
    d += `${pen ? 'L' : 'M'}${((i + offset) / (samples - 1) * width).toFixed(1)} ${(height - v / max * height).toFixed(1)}`
    if (!pen && !Number.isFinite(values[i + 1])) d += 'h0.1'
    pen = true
  })
  return d
}

export function sparkline(values, back) {
  const max = Math.max(...finite(values), 0) || 1
  const x = (samples - 1 - back) / (samples - 1) * 120
  return svg('svg', { class: 'spark', viewBox: '-1 -2 122 28', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('path', { d: path(values, 120, 24, max), class: 'line' }), back > 0 && svg('path', { d: `M${x} 0V24`, class: 'cursor' }))
}

export function bigChart({ lines }) {
  const width = 640, height = 220
  const max = nice(Math.max(...finite(Object.values(lines).flat()), 0) || 1)
  const grid = [0, 0.25, 0.5, 0.75, 1], minutes = [0, 1, 2, 3, 4]
  const atMinute = m => width - m * 60 / period / (samples - 1) * width
  return h('figure', null, svg('svg', { class: 'big', viewBox: `-60 -12 ${width + 72} ${height + 40}`, role: 'img', 'aria-label': 'Chart of the last five minutes' },
    grid.map(g => [svg('path', { class: 'grid', d: `M0 ${height * (1 - g)}H${width}` }),
      svg('text', { x: -8, y: height * (1 - g) + 4, 'text-anchor': 'end' }, format(max * g))]),
    minutes.map(m => [svg('path', { class: 'grid', d: `M${atMinute(m)} 0V${height}` }),
      svg('text', { x: atMinute(m), y: height + 20, 'text-anchor': 'middle' }, m ? `−${m} min` : '0')]),
    Object.values(lines).map((values, i) => svg('path', { class: `line l${i}`, d: path(values, width, height, max) }))),
  Object.keys(lines).length > 1 && h('figcaption', null, Object.keys(lines).map((name, i) => h('span', { class: `key l${i}` }, name))))
}

// nice rounds up to 1, 2 or 5 times a power of ten, for the axis.
function nice(n) {
  const power = 10 ** Math.floor(Math.log10(n))
  return [1, 2, 5, 10].find(f => f * power >= n) * power
}
