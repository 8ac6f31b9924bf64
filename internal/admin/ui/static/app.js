import { h, replace } from './dom.js'
import { codebases, LocalSource, RepoSource } from './api.js'
import { header } from './header.js'
import { homePage } from './home.js'
import { codebasePage } from './codebase.js'
import { LogBuffer } from './log.js'

// Every page keeps the local system log, so that the console has it when it is opened.
const systemLog = new LogBuffer('', 'pipy_log')

async function start() {
  const app = document.getElementById('app')
  try {
    const list = await codebases()
    const inRepo = decodeURIComponent(location.pathname).match(/^\/repo(\/.+?)\/*$/)
    const page = list === null ? codebasePage(new LocalSource(), null, systemLog)
      : inRepo && list.includes(inRepo[1]) ? codebasePage(new RepoSource(inRepo[1]), list, systemLog)
        : homePage(list, inRepo ? list.filter(p => p.startsWith(inRepo[1] + '/')) : list)
    replace(app, page.element)
  } catch (e) {
    replace(app, header(), h('main', { class: 'home' }, h('p', { class: 'problem', role: 'alert' }, 'The admin service does not answer: ' + e.message),
      h('button', { onclick: start }, 'Try again')))
  }
}

start()
