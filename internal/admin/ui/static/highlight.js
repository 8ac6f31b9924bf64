import { h } from './dom.js'

const js = /(?<comment>\/\/[^\n]*|\/\*[^]*?(?:\*\/|$))|(?<string>`(?:\\[^]|[^`\\])*(?:`|$)|'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?)|(?<number>\b(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:e[-+]?\d+)?)n?\b)|(?<keyword>\b(?:as|async|await|break|case|catch|class|const|continue|debugger|default|delete|do|else|export|extends|finally|for|from|function|if|import|in|instanceof|interface|let|new|of|return|static|super|switch|this|throw|try|type|typeof|var|void|while|yield)\b)|(?<literal>\b(?:true|false|null|undefined|NaN|Infinity)\b)|(?<call>(?<=\.)[A-Za-z_$][\w$]*(?=\())|(?<name>\b(?:pipy|weir|os|crypto|algo|stats|logging|console|http|JSON|YAML|XML|Message|Data|MessageStart|MessageEnd|StreamEnd|Promise|Object|Array|Map|Set)\b|\$[\w$]*)/g
const json = /(?<name>"(?:\\.|[^"\\\n])*"(?=\s*:))|(?<string>"(?:\\.|[^"\\\n])*"?)|(?<number>-?\b\d+(?:\.\d+)?(?:[eE][-+]?\d+)?\b)|(?<literal>\b(?:true|false|null)\b)/g
const yaml = /(?<comment>(?:^|(?<=\s))#[^\n]*)|(?<name>^[ \t-]*[\w./-]+(?=\s*:))|(?<string>'[^'\n]*'|"(?:\\.|[^"\\\n])*")|(?<number>\b\d+(?:\.\d+)?\b)|(?<literal>\b(?:true|false|null|yes|no)\b)/gm

const languages = { js, mjs: js, ts: js, mts: js, json, yaml, yml: yaml }

// Highlighting a larger text at every key would be felt.
const limit = 300000

// highlight returns nodes with the text in them, coloured by the language of a file name.
export function highlight(text, file) {
  const language = languages[file.split('.').pop()]
  if (!language || text.length > limit) return [text]
  const nodes = []
  let end = 0
  for (const m of text.matchAll(language)) {
    if (!m[0]) continue
    nodes.push(text.slice(end, m.index), h('span', { class: Object.keys(m.groups).find(k => m.groups[k] !== undefined) }, m[0]))
    end = m.index + m[0].length
  }
  nodes.push(text.slice(end))
  return nodes
}
