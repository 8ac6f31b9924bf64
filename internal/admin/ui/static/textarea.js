import { h, replace } from './dom.js'
import { highlight } from './highlight.js'
import { completion } from './completion.js'

// codeEditor is a textarea over its own highlighted text, with line numbers. The Tab key indents unless Escape was pressed
// before, so that the keyboard gets out of it. Names of the scripting interface are offered while they are typed.
export function codeEditor({ onchange, onsave }) {
  let file = '', leaving = false
  const numbers = h('div', { class: 'numbers', 'aria-hidden': 'true' })
  const colours = h('pre', { 'aria-hidden': 'true' })
  const input = h('textarea', {
    spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', wrap: 'off', 'aria-label': 'file content',
    oninput: () => { draw(); onchange(); list.typed(file) },
    onblur: () => list.close(),
    onclick: () => list.close(),
    onkeydown: e => {
      if (list.key(e, file)) return
      if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 's') {
        e.preventDefault()
        onsave()
      } else if (e.key === 'Tab' && !leaving && !input.readOnly) {
        e.preventDefault()
        e.shiftKey ? outdent() : indent()
      } else if (e.key === 'Enter' && !input.readOnly && !e.isComposing) {
        const line = input.value.slice(input.value.lastIndexOf('\n', input.selectionStart - 1) + 1, input.selectionStart)
        e.preventDefault()
        insert('\n' + /^[ \t]*/.exec(line)[0])
      }
      leaving = e.key === 'Escape'
    },
  })
  const layers = h('div', { class: 'layers' }, colours, input)
  const scroller = h('div', { class: 'code' }, numbers, layers)

  // execCommand is the one way of changing the text that undo knows of.
  const insert = text => document.execCommand('insertText', false, text)
  const list = completion(input, layers, insert)
  const selectLines = () => {
    const { value, selectionStart: from, selectionEnd: to } = input
    const start = value.lastIndexOf('\n', from - 1) + 1
    const end = value.indexOf('\n', Math.max(from, to - 1))
    input.setSelectionRange(start, end < 0 ? value.length : end)
    return value.slice(start, end < 0 ? value.length : end)
  }
  const indent = () => {
    if (input.selectionStart === input.selectionEnd) return insert('  ')
    const lines = selectLines()
    insert(lines.replace(/^(?=.)/gm, '  '))
  }
  const outdent = () => {
    const lines = selectLines()
    const less = lines.replace(/^( {1,2}|\t)/gm, '')
    if (less !== lines) insert(less)
  }

  let lines = 0
  const draw = () => {
    replace(colours, highlight(input.value, file), '\n')
    const n = input.value.split('\n').length
    if (n !== lines) numbers.textContent = Array.from({ length: lines = n }, (_, i) => i + 1).join('\n')
  }
  return {
    element: scroller,
    get text() { return input.value },
    show(name, text, readOnly) {
      file = name
      input.value = text
      input.readOnly = readOnly
      input.setSelectionRange(0, 0)
      scroller.scrollTo(0, 0)
      list.close()
      draw()
    },
    focus: () => input.focus(),
  }
}
