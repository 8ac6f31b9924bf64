// Building blocks of the page. Text always becomes text nodes, so nothing that comes from a server is ever markup.

// h makes an element: props are attributes, or listeners if they begin with "on"; nullish children are left out.
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children)
}

// svg is h for SVG.
export function svg(tag, props, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), props, children)
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (name === 'value' || name === 'disabled' || name === 'hidden') element[name] = value
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value != null) element.setAttribute(name, value)
  }
  element.append(...children.flat(Infinity).filter(c => c != null && c !== false))
  return element
}

export function replace(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter(c => c != null && c !== false))
  return element
}

// button has a label, and what it does as tip.
export function button(label, tip, onclick, props) {
  return h('button', { type: 'button', title: tip, onclick, ...props }, label)
}

// remembered is a value of this browser that outlives the page.
export function remembered(key, fallback) {
  const name = 'weir:' + key
  let value = fallback
  try {
    value = JSON.parse(localStorage.getItem(name)) ?? fallback
  } catch { /* a value that cannot be read is as good as none */ }
  return {
    get: () => value,
    set(v) {
      value = v
      try { localStorage.setItem(name, JSON.stringify(v)) } catch { /* storage is off: remembered until the page goes */ }
    },
  }
}

let noticeTimer
// notice shows a message for some seconds; errors stay until the next one.
export function notice(text, kind = 'info') {
  let box = document.getElementById('notice')
  if (!box) document.body.append(box = h('div', { id: 'notice', role: 'status', onclick: () => box.hidden = true }))
  clearTimeout(noticeTimer)
  box.className = kind
  box.hidden = false
  box.textContent = text
  if (kind !== 'error') noticeTimer = setTimeout(() => box.hidden = true, 4000)
}

// attempt makes a listener of an async function: what it throws is shown.
export function attempt(f) {
  return (...args) => Promise.resolve().then(() => f(...args)).catch(e => notice(e.message, 'error'))
}

function openDialog(title, body, actions) {
  return new Promise(resolve => {
    const dialog = h('dialog', { 'aria-label': title, onclose: () => { dialog.remove(); resolve(dialog.result ?? null) } })
    dialog.append(h('form', { method: 'dialog', onsubmit: e => e.preventDefault() }, h('h2', null, title), body(dialog), h('div', { class: 'actions' },
      button('Cancel', 'Change nothing', () => dialog.close()), actions(dialog))))
    document.body.append(dialog)
    dialog.showModal()
  })
}

// confirmed asks before something is lost.
export async function confirmed(title, text, verb) {
  return await openDialog(title, () => h('p', null, text), dialog =>
    h('button', { class: 'danger', autofocus: true, onclick: () => { dialog.result = true; dialog.close() } }, verb)) === true
}

// ask wants a text; check returns what is wrong with it, if anything. The answer is null if there is none.
export function ask(title, label, initial, check, verb) {
  let input, problem
  return openDialog(title, dialog => {
    input = h('input', { value: initial, autofocus: true, spellcheck: 'false', autocomplete: 'off', oninput: () => problem.textContent = '' })
    problem = h('p', { class: 'problem', role: 'alert' })
    requestAnimationFrame(() => input.setSelectionRange(initial.length, initial.length))
    return [h('label', null, label, input), problem]
  }, dialog => h('button', {
    class: 'primary', type: 'submit', onclick: () => {
      const wrong = check(input.value)
      if (wrong) { problem.textContent = wrong; input.focus(); return }
      dialog.result = input.value
      dialog.close()
    },
  }, verb))
}
