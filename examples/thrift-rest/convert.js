// Values of JSON to values of decodeThrift and encodeThrift, and back, by the types of api.js.

export class ConversionError extends Error {}

var bits = { I8: 8, I16: 16, I32: 32, I64: 64 }

// The name of a type in encodeThrift.
function kind(type) {
  if (typeof type === 'string') return type
  return type.list ? 'LIST' : type.set ? 'SET' : type.map ? 'MAP' : 'STRUCT'
}

function fail(where, expected) {
  throw new ConversionError(`${where} has to be ${expected}`)
}

// Fields of a struct, or of the arguments of a call, from an object.
export function toStruct(fields, object, where = '') {
  for (var name in object) {
    if (!fields[name]) throw new ConversionError(`${where}${name} is not known`)
  }
  return Object.entries(fields).flatMap(([name, [id, type, optional]]) => {
    var value = object[name]
    if (value === undefined || value === null) {
      if (!optional) throw new ConversionError(`${where}${name} is missing`)
      return []
    }
    return [{ id, type: kind(type), value: toThrift(type, value, where + name) }]
  })
}

export function toThrift(type, value, where) {
  switch (kind(type)) {
    case 'BOOL': return typeof value === 'boolean' ? value : fail(where, 'true or false')
    case 'DOUBLE': return typeof value === 'number' ? value : fail(where, 'a number')
    case 'BINARY': return typeof value === 'string' ? value : fail(where, 'a string')
    case 'LIST': case 'SET':
      if (!Array.isArray(value)) fail(where, 'an array')
      var element = type.list || type.set
      return { elementType: kind(element), elements: value.map((v, i) => toThrift(element, v, `${where}[${i}]`)) }
    case 'MAP':
      if (!isObject(value)) fail(where, 'an object')
      var [k, v] = type.map
      return {
        keyType: kind(k), valueType: kind(v),
        pairs: Object.entries(value).map(([key, x]) => [toThrift(k, key, where), toThrift(v, x, `${where}.${key}`)]),
      }
    case 'STRUCT': return isObject(value) ? toStruct(type.struct, value, where + '.') : fail(where, 'an object')
  }
  return toInteger(bits[type], value, where)
}

function isObject(value) {
  return typeof value === 'object' && !Array.isArray(value)
}

// In texts, as in paths, numbers may have all 64 bits.
function toInteger(size, value, where) {
  var limit = 1n << BigInt(size - 1)
  var n = Number.isSafeInteger(value) || /^-?\d{1,19}$/.test(value) ? BigInt(value) : limit
  if (n < -limit || n >= limit) fail(where, `an integer of ${size} bits`)
  return new Int('i64', n.toString())
}

export function fromThrift(type, value) {
  switch (kind(type)) {
    case 'I64':
      var n = Number(value)
      return Number.isSafeInteger(n) ? n : value.toString() // JSON numbers have 53 bits
    case 'BINARY': return typeof value === 'string' ? value : value.toString('base64')
    case 'LIST': case 'SET': return value.elements.map(v => fromThrift(type.list || type.set, v))
    case 'MAP': return Object.fromEntries(value.pairs.map(([k, v]) => [fromThrift(type.map[0], k), fromThrift(type.map[1], v)]))
    case 'STRUCT':
      return Object.fromEntries(Object.entries(type.struct).flatMap(([name, [id, t]]) => {
        var field = value.find(f => f.id === id && f.type === kind(t))
        return field ? [[name, fromThrift(t, field.value)]] : []
      }))
  }
  return value
}
