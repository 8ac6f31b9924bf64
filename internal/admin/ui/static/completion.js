import { h, replace } from './dom.js'
import { names } from './api.js'

const most = 50
let known // a promise of [name, owner, signature] of everything scripts can use: see names.go

// candidates returns what may follow a text: { from, items }, from is where the name begins that they replace.
export function candidates(before, list) {
  const [typed] = /[A-Za-z_$][\w$]*$|$/.exec(before)
  const from = before.length - typed.length
  const rest = before.slice(0, from)
  // In a comment or a string that ends on another line names are rare, and mistakes harmless.
  const line = rest.slice(rest.lastIndexOf('\n') + 1)
  if (/^\s*(\/\/|\*)/.test(line) || /\/\/\s/.test(line)) return { from, items: [] }
  let fits
  const dot = /([A-Za-z_][\w.]*)?\s*\.\s*$/.exec(rest)
  if (dot) {
    const owner = dot[1]
    const ofOwner = owner && list.some(([, o]) => o === owner)
    // Behind a call, or $, a filter is likely; behind a variable a member of any class.
    const chain = !owner
    fits = ([, o]) => ofOwner ? o === owner : chain ? o === '$' || o.endsWith('#') : o.endsWith('#')
  } else if (typed.length < 2) {
    return { from, items: [] }
  } else {
    fits = ([, o]) => o === ''
  }
  const low = typed.toLowerCase()
  const seen = new Set()
  const items = list.filter(row => fits(row) && row[0].toLowerCase().startsWith(low) && row[0] !== typed &&
    !seen.has(row[0]) && seen.add(row[0]))
  // Exact case first, then filters, then in the order of the alphabet.
  const rank = ([name, owner]) => (name.startsWith(typed) ? 0 : 2) + (owner === '$' ? 0 : 1)
  return { from, items: items.sort((a, b) => rank(a) - rank(b) || (a[0] < b[0] ? -1 : 1)).slice(0, most) }
}

// completion shows a list of names below the cursor of a textarea while one is typed, or at Ctrl+Space. Enter and Tab take the
// chosen one, Escape closes the list.
export function completion(input, layer, insert) {
  let shown = { from: 0, items: [] }, chosen = 0, taking = false
  const list = h('ul', { class: 'completion', role: 'listbox', id: 'completion', 'aria-label': 'Names', hidden: true })
  layer.append(list)
  const close = () => {
    list.hidden = true
    input.removeAttribute('aria-activedescendant')
  }
  const choose = n => {
    chosen = (n + shown.items.length) % shown.items.length
    ;[...list.children].forEach((e, i) => e.setAttribute('aria-selected', String(i === chosen)))
    list.children[chosen].scrollIntoView({ block: 'nearest' })
    input.setAttribute('aria-activedescendant', 'completion-' + chosen)
  }
  const take = n => {
    input.setSelectionRange(shown.from, input.selectionStart)
    taking = true // longer names that begin with this one are not offered
    insert(shown.items[n][0])
    taking = false
  }
  const place = () => {
    const before = input.value.slice(0, shown.from), style = getComputedStyle(input)
    const mark = h('span', null, before.slice(before.lastIndexOf('\n') + 1) || '\u200b')
    mark.style.cssText = 'position:absolute;visibility:hidden;white-space:pre'
    layer.append(mark)
    const width = mark.textContent === '\u200b' ? 0 : mark.getBoundingClientRect().width
    mark.remove()
    list.style.left = parseFloat(style.paddingLeft) + width + 'px'
    list.style.top = parseFloat(style.paddingTop) + before.split('\n').length * parseFloat(style.lineHeight) + 'px'
  }
  const open = async () => {
    const rows = await (known ??= names()).catch(() => { known = undefined; return [] })
    if (document.activeElement !== input || input.readOnly || input.selectionStart !== input.selectionEnd) return close()
    shown = candidates(input.value.slice(0, input.selectionStart), rows)
    if (!shown.items.length) return close()
    replace(list, shown.items.map(([name, , signature], i) => h('li', {
      role: 'option', id: 'completion-' + i, title: signature,
      onpointerdown: e => { e.preventDefault(); take(i) }, // before the text loses the focus
    }, h('span', null, name), h('small', null, signature))))
    list.hidden = false
    place()
    choose(0)
  }
  return {
    close,
    typed(file) { !taking && /\.m?[jt]s$/.test(file) ? open() : close() },
    // key tells whether it took a key that was pressed.
    key(e, file) {
      if (e.key === ' ' && e.ctrlKey && /\.m?[jt]s$/.test(file)) open()
      else if (list.hidden || e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return false
      else if (e.key === 'ArrowDown') choose(chosen + 1)
      else if (e.key === 'ArrowUp') choose(chosen - 1)
      else if ((e.key === 'Enter' || e.key === 'Tab') && !e.shiftKey) take(chosen)
      else if (e.key === 'Escape') close()
      else {
        if (/^(Arrow|Home|End|Page)/.test(e.key)) close()
        return false
      }
      e.preventDefault()
      return true
    },
  }
}
