// Values of JSON to values of Hessian, by the types of api.js, and back.

export class ConversionError extends Error {}

var simple = { int: 'I', long: 'J', double: 'D', boolean: 'Z', string: 'Ljava/lang/String;' }

// How Java writes the type of a parameter.
export function descriptor(type) {
  return simple[type] || (type.list ? 'Ljava/util/List;' : `L${type.class.replaceAll('.', '/')};`)
}

function fail(where, expected) {
  throw new ConversionError(`${where} has to be ${expected}`)
}

export function toHessian(type, value, where) {
  if (value === undefined || value === null) throw new ConversionError(`${where} is missing`)
  switch (type) {
    case 'int': return integer('i32', 32, value, where)
    case 'long': return integer('i64', 64, value, where)
    case 'double': return typeof value === 'number' ? value : fail(where, 'a number')
    case 'boolean': return typeof value === 'boolean' ? value : fail(where, 'true or false')
    case 'string': return typeof value === 'string' ? value : fail(where, 'a string')
  }
  if (type.list) {
    if (!Array.isArray(value)) fail(where, 'an array')
    return { kind: 'list', elements: value.map((v, i) => toHessian(type.list, v, `${where}[${i}]`)) }
  }
  if (typeof value !== 'object' || Array.isArray(value)) fail(where, 'an object')
  var elements = {}
  for (var name in type.fields) elements[name] = toHessian(type.fields[name], value[name], `${where}.${name}`)
  return { kind: 'object', type: type.class, elements }
}

// In texts, as in paths, numbers may have all 64 bits.
function integer(type, size, value, where) {
  var limit = 1n << BigInt(size - 1)
  var n = Number.isSafeInteger(value) || /^-?\d{1,19}$/.test(value) ? BigInt(value) : limit
  if (n < -limit || n >= limit) fail(where, `an integer of ${size} bits`)
  return new Int(type, n.toString())
}

// Hessian says itself what its values are. An object that contains itself has no JSON.
export function fromHessian(value, outer = []) {
  if (value instanceof Int) {
    var n = Number(value)
    return Number.isSafeInteger(n) ? n : value.toString() // JSON numbers have 53 bits
  }
  if (value instanceof Data) return value.toString('base64')
  if (!value?.kind) return value
  if (outer.includes(value)) throw new Error(`${value.type || value.kind} contains itself`)
  var inner = x => fromHessian(x, [...outer, value])
  switch (value.kind) {
    case 'list': return (value.elements || []).map(inner)
    case 'map': return Object.fromEntries((value.elements || []).map(([k, v]) => [inner(k), inner(v)]))
  }
  return Object.fromEntries(Object.entries(value.elements || {}).map(([k, v]) => [k, inner(v)]))
}
