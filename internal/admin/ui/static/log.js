import { h } from './dom.js'
import { watchLog } from './api.js'

const limit = 256 << 10

// LogBuffer keeps the latest 256 KiB of a log and shows them in any number of views.
export class LogBuffer {
  text = ''
  connected = false
  views = new Set()

  constructor(uuid, name) {
    this.stop = watchLog(uuid, name, {
      reset: text => { this.text = ''; this.views.forEach(v => v.clear()); this.#add(text) },
      add: text => this.#add(text),
      state: on => { this.connected = on; this.views.forEach(v => v.state(on)) },
    })
  }

  #add(text) {
    this.text += text
    if (this.text.length > limit) this.text = this.text.slice(this.text.indexOf('\n', this.text.length - limit) + 1)
    this.views.forEach(v => v.add(text))
  }

  clear() {
    this.text = ''
    this.views.forEach(v => v.clear())
  }
}

const levels = { DBG: 'debug', INF: 'info', WRN: 'warn', ERR: 'error' }
const levelOf = line => levels[/^[-\d]+ [\d:.]+ \[(DBG|INF|WRN|ERR)\]/.exec(line)?.[1]] ?? levels[{ debug: 'DBG', info: 'INF', warn: 'WRN', error: 'ERR' }[/"level":"(\w+)"/.exec(line)?.[1]]]

// logView shows a buffer and stays at its end, unless the reader has scrolled up.
export function logView(buffer) {
  const box = h('div', { class: 'log', tabindex: '0', role: 'log', 'aria-label': 'log' })
  let level = 'info', size = 0
  const view = {
    add(text) {
      const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 8
      const lines = text.replace(/\n$/, '').split('\n')
      if (text) {
        box.append(...lines.map(line => {
          level = levelOf(line) ?? level
          size += line.length + 1
          return h('div', { class: level }, line || ' ')
        }))
      }
      while (size > limit && box.firstChild) {
        size -= box.firstChild.textContent.length + 1
        box.firstChild.remove()
      }
      if (atEnd) box.scrollTop = box.scrollHeight
    },
    clear() { box.replaceChildren(); size = 0; level = 'info' },
    state(on) { box.classList.toggle('offline', !on) },
  }
  view.add(buffer.text)
  buffer.views.add(view)
  requestAnimationFrame(() => box.scrollTop = box.scrollHeight)
  return { box, close: () => buffer.views.delete(view) }
}
