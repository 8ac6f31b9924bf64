import { h, button, replace, remembered, attempt, notice } from './dom.js'
import { metrics, status } from './api.js'
import { flowChart } from './flow.js'
import { LogBuffer, logView } from './log.js'
import { sparkline, bigChart, series, format } from './chart.js'

const stale = 30000 // milliseconds without a report after which an instance counts as inactive

// instanceList keeps the list of processes that run a codebase, the local one first. onchange is called with the chosen one
// whenever the list has been read.
function instanceList(source, onchange) {
  const element = h('div', { class: 'instances', role: 'listbox', 'aria-label': 'Instances' })
  const chosen = remembered('instance:' + source.path, '')
  let instances = [], running
  const draw = () => replace(element, h('h2', null, 'Instances'), instances.map(i => {
    const quiet = i.uuid && Date.now() - i.timestamp > stale
    return h('button', {
      type: 'button', role: 'option', 'aria-selected': String(i.uuid === chosen.get()),
      onclick: attempt(() => { chosen.set(i.uuid); draw(); return onchange(current(), true) }),
    }, h('b', null, i.title), i.status?.version && h('span', { class: 'version' }, 'version ' + i.status.version), i.uuid && h('small', null, i.uuid),
      h('small', { class: quiet ? 'inactive' : 'active' }, quiet ? 'Inactive since ' + new Date(i.timestamp).toLocaleString() : 'Active'))
  }))
  const current = () => instances.find(i => i.uuid === chosen.get()) ?? instances[0]
  const load = async () => {
    const [local, info] = await Promise.all([status(), source.isRepo ? source.info() : { instances: {} }])
    instances = [{ uuid: '', title: 'Local Host', status: local, timestamp: Date.now() },
      ...Object.entries(info.instances).map(([index, i]) =>
        ({ uuid: i.status.uuid, title: `Remote Instance #${index}: ${i.status.name || i.ip}`, status: i.status, timestamp: i.timestamp }))]
    if (!instances.some(i => i.uuid === chosen.get())) chosen.set('')
    draw()
    await onchange(current(), false)
  }
  return {
    element,
    // shown starts and stops reading the list once a second.
    shown(on) {
      const mine = running = on && {}
      const tick = async () => {
        if (running !== mine) return
        try { await load() } catch (e) { notice(e.message, 'error') }
        if (running === mine) setTimeout(tick, 1000)
      }
      if (on) tick()
    },
  }
}

// withInstances puts what belongs to the chosen instance beside the list.
function withInstances(source, content, onchange, onhide) {
  const list = instanceList(source, onchange)
  return {
    element: h('div', { class: 'split' }, list.element, content),
    shown: on => { list.shown(on); if (!on) onhide?.() },
  }
}

export function statusTab(source) {
  const modules = h('div', { class: 'modules' }), chart = h('div', { class: 'charts' })
  let drawn = '', picked = ''
  const draw = instance => {
    const text = JSON.stringify([instance.uuid, instance.status?.modules])
    if (text === drawn) return
    drawn = text
    const entries = Object.entries(instance.status?.modules ?? {}).filter(([, m]) => m.graph)
    const roots = entries.flatMap(([file, m]) => m.graph.roots.map(root => ({ file, graph: m.graph, root, id: file + ' ' + m.graph.nodes[root].name })))
    const pick = r => {
      picked = r.id
      replace(chart, flowChart(r.graph, r.root))
      modules.querySelectorAll('button').forEach(b => b.setAttribute('aria-selected', b.dataset.id === picked))
    }
    replace(modules, h('h2', null, 'Modules'), entries.map(([file]) => [h('h3', null, file), roots.filter(r => r.file === file).map(r =>
      h('button', { type: 'button', 'data-id': r.id, onclick: () => pick(r) }, r.graph.nodes[r.root].name))]),
    entries.length === 0 && h('p', { class: 'empty' }, 'No module with pipelines that can be drawn.'))
    const again = roots.find(r => r.id === picked) ?? roots[0]
    if (again) pick(again)
    else replace(chart)
  }
  return withInstances(source, [modules, chart], draw)
}

export function logsTab(source) {
  const names = h('div', { class: 'modules' }), pane = h('main', { class: 'logpane' })
  const chosen = remembered('log:' + source.path, 'pipy_log')
  let drawn = '', buffer, view
  const follow = (uuid, name) => {
    chosen.set(name)
    view?.close()
    buffer?.stop()
    buffer = new LogBuffer(uuid, name)
    view = logView(buffer)
    replace(pane, h('div', { class: 'bar' }, h('h2', null, name), button('Clear', 'Empty the view', () => buffer.clear())), view.box)
    names.querySelectorAll('button').forEach(b => b.setAttribute('aria-selected', b.textContent === name))
  }
  const draw = instance => {
    const logs = instance.status?.logs ?? []
    const text = JSON.stringify([instance.uuid, logs])
    if (text === drawn) return
    drawn = text
    replace(names, h('h2', null, 'Logs'), logs.map(name => h('button', { type: 'button', onclick: () => follow(instance.uuid, name) }, name)),
      logs.length === 0 && h('p', { class: 'empty' }, 'No log has been written.'))
    if (logs.length) follow(instance.uuid, logs.includes(chosen.get()) ? chosen.get() : logs[0])
    else replace(pane)
  }
  return withInstances(source, [names, pane], draw, () => { buffer?.stop(); drawn = '' })
}

export function metricsTab(source) {
  const table = h('div', { class: 'metrics' }), detail = h('main', { class: 'detail' })
  const chosen = remembered('metric:' + source.path, '')
  const cursor = { back: 0 } // samples before the latest that the values are of
  let last = [], instance
  const draw = () => {
    const rows = last.map(m => ({ m, s: series(m) }))
    const focused = document.activeElement?.closest?.('.metrics button') && document.activeElement.dataset.name
    replace(table, h('h2', null, 'Metrics'), rows.map(({ m, s }) => h('button', {
      type: 'button', 'data-name': m.k, 'aria-selected': String(m.k === chosen.get()), onclick: attempt(async () => { chosen.set(m.k); draw(); await drawDetail() }),
    }, h('span', { class: 'name' }, m.k), sparkline(s.main, cursor.back), h('span', { class: 'value' }, format(s.main.at(-1 - cursor.back)), s.unit))),
    rows.length === 0 && h('p', { class: 'empty' }, 'No metrics yet.'))
    if (focused) table.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus()
  }
  table.addEventListener('pointermove', e => {
    const line = e.target.closest('svg')
    const back = line ? Math.round((1 - (e.clientX - line.getBoundingClientRect().left) / line.clientWidth) * 59) : 0
    if (back !== cursor.back) { cursor.back = Math.min(59, Math.max(0, back)); draw() }
  })
  table.addEventListener('pointerleave', () => { cursor.back = 0; draw() })

  const drawDetail = async () => {
    if (!last.some(m => m.k === chosen.get())) return replace(detail, h('p', { class: 'empty' }, 'Choose a metric.'))
    const name = chosen.get()
    const [m] = (await metrics(instance.uuid, name)).metrics
    if (!m || name !== chosen.get()) return
    const s = series(m), labels = (m.l || '').split('/').filter(Boolean), rows = []
    const collect = (nodes, path) => {
      for (const n of nodes ?? []) {
        const at = [...path, n.k]
        if (n.v?.length) rows.push({ at, s: series({ t: m.t, v: n.v }) })
        collect(n.s, at)
      }
    }
    collect(m.s, [])
    replace(detail, h('h2', null, name, h('small', null, ` ${m.t.split('[')[0]}${s.unit && ', ' + s.unit.trim()}`)), bigChart(s),
      rows.length > 0 && h('div', { class: 'scroll' }, h('table', null,
        h('thead', null, h('tr', null, labels.map(l => h('th', null, l)), h('th', null, 'last 5 minutes'), h('th', { class: 'number' }, 'now'))),
        h('tbody', null, rows.map(r => h('tr', null, labels.map((_, i) => h('td', null, r.at[i] ?? '')), h('td', null, sparkline(r.s.main, 0)),
          h('td', { class: 'number' }, format(r.s.main.at(-1)), r.s.unit)))))))
  }
  return withInstances(source, [table, detail], async chosenInstance => {
    instance = chosenInstance
    last = (await metrics(instance.uuid)).metrics.sort((a, b) => a.k < b.k ? -1 : 1)
    draw()
    await drawDetail()
  })
}
