import { h, replace, remembered } from './dom.js'
import { header } from './header.js'
import { editorTab } from './editor.js'
import { statusTab, metricsTab, logsTab } from './instances.js'

const tabs = { Editor: editorTab, Status: statusTab, Metrics: metricsTab, Logs: logsTab }

// codebasePage shows one codebase, of the repo or of the local program, in four tabs. A tab that has been opened stays as it
// is while others are looked at; its shown(false) stops what it polls.
export function codebasePage(source, list, systemLog) {
  const chosen = remembered('tab:' + source.path, 'Editor')
  const made = {}
  const body = h('div', { class: 'tabbody' })
  const names = Object.keys(tabs)
  const buttons = names.map(name => h('button', {
    type: 'button', role: 'tab', id: 'tab-' + name, onclick: () => choose(name), onkeydown: e => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key]
      if (!step) return
      const next = names[(names.indexOf(name) + step + names.length) % names.length]
      choose(next)
      buttons[names.indexOf(next)].focus()
    },
  }, name))
  let current
  const choose = name => {
    made[current]?.shown?.(false)
    current = name in tabs ? name : 'Editor'
    chosen.set(current)
    buttons.forEach((b, i) => {
      b.setAttribute('aria-selected', names[i] === current)
      b.tabIndex = names[i] === current ? 0 : -1
    })
    made[current] ??= tabs[current](source, list, systemLog)
    replace(body, made[current].element)
    made[current].shown?.(true)
  }
  addEventListener('beforeunload', e => { if (made.Editor?.unsaved()) e.preventDefault() })
  document.title = (source.isRepo ? source.path : 'local program') + ' – weir'
  choose(chosen.get())
  return {
    element: h('div', { class: 'page' },
      header(h('span', { class: 'path' }, source.isRepo ? source.path : 'local program'), h('nav', { role: 'tablist', 'aria-label': 'Views' }, buttons)), body),
  }
}
