import { h, button, replace, remembered, notice, attempt, ask, confirmed } from './dom.js'
import { createCodebase, graph, program } from './api.js'
import { codeEditor } from './textarea.js'
import { flowCharts } from './flow.js'
import { logView } from './log.js'
import { nameProblem, withSlash } from './home.js'

const repoPath = path => '/repo' + encodeURI(path) + '/'

export function editorTab(source, list, systemLog) {
  const key = 'editor:' + source.path + ':'
  const opened = remembered(key + 'file', '')
  const folded = remembered(key + 'folded', {})
  const showConsole = remembered('editor:console', true)
  let info = { main: '', files: new Map(), derived: [], readOnly: true }
  const drafts = new Map() // path → text that is not saved
  const saved = new Map() // path → text as the service has it
  let selected = ''

  const tree = h('div', { class: 'tree', role: 'tree', 'aria-label': 'Files' })
  const chart = h('div', { class: 'charts', 'aria-label': 'Pipelines' })
  const version = h('span', { class: 'version' })
  const name = h('span', { class: 'filename' })
  const code = codeEditor({ onchange: () => changed(), onsave: () => save() })
  const empty = h('p', { class: 'empty' }, 'Choose a file.')
  const pane = h('div', { class: 'pane' }, empty)

  const view = logView(systemLog)
  const consolePane = h('section', { class: 'console' },
    h('div', { class: 'bar' }, h('h2', null, 'Console'),
      button('Clear', 'Empty the console', () => systemLog.clear()),
      button('Close', 'Hide the console', () => toggleConsole(false))), view.box)
  const toggleConsole = on => {
    showConsole.set(on)
    consolePane.hidden = !on
  }
  toggleConsole(showConsole.get())

  const load = async () => {
    info = await source.info()
    version.textContent = source.isRepo ? `version ${info.version || '–'}` : info.readOnly ? 'read-only' : ''
    drawTree()
    drawTools()
  }

  const drawTree = () => {
    const root = { folders: new Map(), files: [] }
    for (const path of new Set([...info.files.keys(), ...drafts.keys()])) {
      const parts = path.split('/').slice(1)
      let at = root
      for (const part of parts.slice(0, -1)) {
        if (!at.folders.has(part)) at.folders.set(part, { folders: new Map(), files: [] })
        at = at.folders.get(part)
      }
      at.files.push(path)
    }
    const draw = (at, prefix) => h('ul', { role: 'group' },
      [...at.folders].sort().map(([folder, inner]) => h('li', null, h('details', {
        open: !folded.get()[prefix + folder], ontoggle: e => folded.set({ ...folded.get(), [prefix + folder]: !e.target.open }),
      }, h('summary', null, folder + '/'), draw(inner, prefix + folder + '/')))),
      at.files.sort().map(path => {
        const state = drafts.has(path) ? 'edited' : info.files.get(path) ?? 'edited'
        const marks = [path === info.main && 'main file', state !== 'own' && state, drafts.has(path) && 'not saved'].filter(Boolean)
        return h('li', null, h('button', {
          type: 'button', role: 'treeitem', class: 'file ' + state, 'aria-selected': String(path === selected), title: [path, ...marks].join(', '),
          onclick: attempt(() => open(path)),
        }, path === info.main && h('span', { class: 'flag', 'aria-label': 'main file' }, '⚑'), path.split('/').pop(), state === 'edited' && '*'))
      }))
    replace(tree, draw(root, '/'))
  }

  const open = async path => {
    if (!drafts.has(path) && !saved.has(path)) saved.set(path, await source.read(path).catch(e => {
      if (e.status === 404) return ''
      throw e
    }))
    selected = path
    opened.set(path)
    name.textContent = path
    replace(pane, code.element)
    code.show(path, drafts.get(path) ?? saved.get(path), info.readOnly)
    drawTree()
    drawTools()
    drawChart()
  }

  let chartTimer
  const changed = () => {
    const was = drafts.has(selected)
    if (code.text === saved.get(selected)) drafts.delete(selected)
    else drafts.set(selected, code.text)
    if (was !== drafts.has(selected)) {
      drawTree()
      drawTools()
    }
    clearTimeout(chartTimer)
    chartTimer = setTimeout(drawChart, 1000)
  }

  const drawChart = async () => {
    clearTimeout(chartTimer)
    const file = selected
    let drawn = []
    if (/\.m?[jt]s$/.test(file)) {
      // Text that is not yet, or not one, legacy expression has no diagram.
      drawn = await graph(code.text).then(flowCharts, () => [])
    }
    if (file === selected) replace(chart, drawn)
  }

  const save = attempt(async () => {
    if (!selected || info.readOnly || !drafts.has(selected)) return
    const file = selected, text = drafts.get(file)
    await source.write(file, text)
    saved.set(file, text)
    if (drafts.get(file) === text) drafts.delete(file)
    await load()
    notice(`Saved ${file}`)
  })
  const saveAll = async () => {
    for (const [file, text] of [...drafts]) {
      await source.write(file, text)
      saved.set(file, text)
      drafts.delete(file)
    }
  }
  const add = attempt(async () => {
    const folder = selected.slice(0, selected.lastIndexOf('/') + 1) || '/'
    const answer = await ask('Add a file', 'Path', folder, text => {
      const path = withSlash(text)
      if (path.endsWith('/') || path.includes('//')) return 'A path ends with the name of a file.'
      if (info.files.has(path) && info.files.get(path) !== 'erased' || drafts.has(path)) return 'That file exists.'
    }, 'Add')
    if (answer === null) return
    const path = withSlash(answer)
    await source.write(path, '')
    saved.set(path, '')
    await load()
    await open(path)
    code.focus()
  })
  const forget = file => {
    drafts.delete(file)
    saved.delete(file)
  }
  const close = () => {
    selected = ''
    opened.set('')
    name.textContent = ''
    replace(pane, empty)
    replace(chart)
  }
  const remove = attempt(async () => {
    if (!await confirmed('Delete file', `Delete ${selected}?`, 'Delete')) return
    await source.remove(selected)
    forget(selected)
    close()
    await load()
  })
  const reset = attempt(async () => {
    if (!await confirmed('Reset file', `Drop what was changed in ${selected} since the last commit?`, 'Reset')) return
    await source.reset(selected)
    const file = selected
    forget(file)
    await load()
    if (info.files.has(file)) await open(file)
    else close()
  })
  const setMain = attempt(async () => {
    await source.setMain(selected)
    await load()
  })
  const commit = attempt(async () => {
    await saveAll()
    await source.commitFiles()
    await load()
    notice('Committed. Programs that watch these files see them; the version stays.')
  })
  const publish = attempt(async () => {
    await saveAll()
    const next = (parseInt(info.version, 10) || 0) + 1
    await source.publish(next)
    await load()
    notice(`Published version ${next}`)
  })
  const derive = attempt(async () => {
    const answer = await ask('Derive a codebase', 'Name', '/', text => nameProblem(withSlash(text), list), 'Create')
    if (answer === null) return
    await createCodebase(withSlash(answer), { base: source.path })
    location.assign(repoPath(withSlash(answer)))
  })
  const deleteAll = attempt(async () => {
    const also = info.derived.length ? ` Those derived from it go, too: ${info.derived.join(', ')}.` : ''
    if (!await confirmed('Delete codebase', `Delete ${source.path} with all its files and versions?${also}`, 'Delete codebase')) return
    drafts.clear()
    await source.delete()
    location.assign('/')
  })
  const run = attempt(async () => {
    await saveAll()
    systemLog.clear()
    toggleConsole(true)
    await program.start(source.path)
    notice('Started')
    await load()
  })
  const restart = attempt(async () => {
    await saveAll()
    toggleConsole(true)
    await program.restart(source.path)
    notice('Restarting')
    await load()
  })
  const stop = attempt(async () => {
    if (!source.isRepo && !await confirmed('Stop program', 'Stop the program of this process? Open connections are cut.', 'Stop')) return
    await program.stop()
    notice('Stopped')
  })

  const left = h('div', { class: 'tools' }), right = h('div', { class: 'tools right' })
  const drawTools = () => {
    const fixed = info.readOnly, none = fixed || !selected, state = info.files.get(selected)
    replace(left,
      button('Add', 'Add a file', add, { disabled: fixed }),
      button('Save', 'Save the file (Ctrl+S)', save, { disabled: none || !drafts.has(selected) }),
      button('Set main', 'Start the program with this file', setMain, { disabled: none || selected === info.main }),
      source.isRepo && button('Reset', 'Drop what was changed since the last commit', reset, { disabled: state !== 'edited' && state !== 'erased' }),
      button('Delete', 'Delete the file', remove, { disabled: none || state === 'inherited' || state === 'erased' }),
      source.isRepo && [
        button('Commit files', 'Commit without a new version', commit),
        button('Publish', 'Commit and publish the next version', publish, { class: 'primary' }),
        info.base && h('a', { class: 'button', href: repoPath(info.base), title: info.base }, 'Base'),
        h('details', { class: 'menu' }, h('summary', null, 'Derivatives'), h('div', null,
          info.derived.map(p => h('a', { href: repoPath(p) }, p)), button('Derive…', 'Make a codebase with this one as base', derive))),
        button('Delete codebase', 'Delete the codebase', deleteAll, { class: 'danger' }),
      ])
    replace(right,
      button('▶ Start', 'Run it in this process', run),
      button('↻ Restart', 'Load it anew; connections go on', restart),
      button('■ Stop', 'Stop the program of this process', stop),
      button('Console', 'Show or hide the console', () => toggleConsole(!showConsole.get())))
  }

  const width = remembered('editor:treewidth', 240)
  const treePane = h('aside', null, h('div', { class: 'bar' }, version), tree)
  treePane.style.width = width.get() + 'px'
  const resize = pixels => {
    width.set(Math.min(600, Math.max(120, pixels)))
    treePane.style.width = width.get() + 'px'
  }
  const splitter = h('div', {
    class: 'splitter', role: 'separator', tabindex: '0', 'aria-orientation': 'vertical', 'aria-label': 'Width of the file list',
    onpointerdown: e => splitter.setPointerCapture(e.pointerId),
    onpointermove: e => { if (splitter.hasPointerCapture(e.pointerId)) resize(e.clientX) },
    onkeydown: e => { if (e.key.startsWith('Arrow')) resize(width.get() + (e.key === 'ArrowRight' ? 16 : e.key === 'ArrowLeft' ? -16 : 0)) },
  })

  attempt(async () => {
    await load()
    const first = info.files.has(opened.get()) ? opened.get() : info.main
    if (info.files.has(first)) await open(first)
  })()
  return {
    element: h('div', { class: 'editor' }, h('div', { class: 'toolbar', role: 'toolbar' }, left, right),
      h('div', { class: 'columns' }, treePane, splitter, h('main', null, name, pane), chart), consolePane),
    unsaved: () => drafts.size > 0,
  }
}
