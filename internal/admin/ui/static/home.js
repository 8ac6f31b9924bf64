import { h, button, replace, remembered, ask, attempt } from './dom.js'
import { codebases, createCodebase } from './api.js'
import { header } from './header.js'

// nameProblem says why a codebase cannot have a path, if there is a reason.
export function nameProblem(path, existing) {
  if (!/^(\/[^/\s]+)+$/.test(path)) return 'A name is made of segments like team/service.'
  if (existing.includes(path)) return 'There is a codebase of that name already.'
  const above = existing.find(p => path.startsWith(p + '/'))
  if (above) return `${above} is a codebase, and its files live below that name.`
  const below = existing.find(p => p.startsWith(path + '/'))
  return below && `The codebase ${below} is below that name.`
}

export const withSlash = name => '/' + name.trim().replace(/^\/+/, '')

// homePage lists the codebases shown, which are all of list or those below one path.
export function homePage(list, shown = list) {
  const open = remembered('home:open', {})
  const tree = h('div', { class: 'codebases' })

  const render = () => replace(tree, shown.length ? branch(shown, '') :
    h('p', { class: 'empty' }, 'No codebase yet. Make the first one, or publish one with curl: see Getting started.'))

  const branch = (paths, prefix) => {
    const names = new Map()
    for (const p of paths) {
      const name = p.slice(prefix.length + 1).split('/')[0]
      if (!names.has(name)) names.set(name, [])
      names.get(name).push(p)
    }
    return h('ul', null, [...names].map(([name, below]) => {
      const path = prefix + '/' + name
      const inner = below.filter(p => p !== path)
      return h('li', null,
        below.includes(path) && h('a', { class: 'codebase', href: '/repo' + encodeURI(path) + '/' }, name),
        inner.length > 0 && h('details', {
          open: open.get()[path] !== false,
          ontoggle: e => open.set({ ...open.get(), [path]: e.target.open }),
        }, h('summary', null, name + '/'), branch(inner, path)))
    }))
  }

  const create = attempt(async () => {
    const answer = await ask('New codebase', 'Name', '/', text => nameProblem(withSlash(text), list), 'Create')
    if (answer === null) return
    await createCodebase(withSlash(answer))
    location.assign('/repo' + encodeURI(withSlash(answer)) + '/')
  })

  render()
  const lang = navigator.language.startsWith('zh') ? 'zh' : 'en'
  return {
    element: h('div', { class: 'page' }, header(),
      h('main', { class: 'home' },
        h('section', null,
          h('div', { class: 'bar' }, h('h1', null, 'Codebases'), button('New codebase', 'Create a codebase', create, { class: 'primary' })),
          tree),
        h('section', { class: 'links' }, h('h2', null, 'Documentation'),
          h('a', { href: `/docs/${lang}/intro` }, 'What weir is'),
          h('a', { href: `/docs/${lang}/getting-started` }, 'Getting started'),
          h('a', { href: `/docs/${lang}/operating` }, 'Operating'),
          h('a', { href: `/docs/${lang}/reference` }, 'API reference')))),
    close() {},
  }
}
