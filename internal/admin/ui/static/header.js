import { h } from './dom.js'

// header has the logo, which leads home, and what a page puts beside it.
export function header(...items) {
  return h('header', null, h('a', { href: '/', class: 'logo', title: 'Home' }, h('img', { src: '/ui/icon.svg', alt: '', width: 22, height: 22 }), 'weir'), items)
}
