import { replace } from './dom.js'
import { highlight } from './highlight.js'

for (const code of document.querySelectorAll('pre > code[class^=language-]')) {
  replace(code, highlight(code.textContent, 'x.' + code.className.slice('language-'.length)))
}
