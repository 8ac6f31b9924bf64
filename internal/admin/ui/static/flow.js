import { h } from './dom.js'

// flowChart draws the diagram of one root: its filters in a column, and beside a joint the pipelines it leads to.
export function flowChart({ nodes }, root) {
  const seen = new Set()
  const column = (pipeline, title) => h('div', { class: 'pipeline' }, title && h('div', { class: 'title' }, title),
    h('ol', null, (pipeline.c ?? []).map(i => filter(i))))
  const filter = i => {
    const node = nodes[i]
    if (!node || seen.has(i)) return null
    seen.add(i)
    const subs = (node.c ?? []).map(c => nodes[c]).filter(Boolean)
    return h('li', { class: node.t },
      h('span', { class: 'step', title: node.st ? node.st + ' joint' : node.t }, node.name),
      subs.length > 0 && h('div', { class: 'subs ' + (node.ot ?? '') }, subs.map(sub => column(sub, sub.name))))
  }
  return h('div', { class: 'flow' }, column(nodes[root], nodes[root].name))
}

export const flowCharts = graph => (graph.roots ?? []).map(root => flowChart(graph, root))
