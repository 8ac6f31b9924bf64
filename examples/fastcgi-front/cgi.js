// Requests and responses of the Common Gateway Interface (RFC 3875).

export function paramsOf({ method, path, protocol, headers }, { name, file, pathInfo }, root, inbound) {
  var [, query] = /\?(.*)$/.exec(path) || []
  var params = {
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_SOFTWARE: 'weir',
    SERVER_PROTOCOL: protocol || 'HTTP/1.1',
    SERVER_NAME: (headers.host || 'localhost').replace(/:\d+$/, ''),
    SERVER_ADDR: inbound.localAddress,
    SERVER_PORT: inbound.localPort,
    REMOTE_ADDR: inbound.remoteAddress,
    REMOTE_PORT: inbound.remotePort,
    REQUEST_METHOD: method,
    REQUEST_SCHEME: 'http',
    REQUEST_URI: path,
    QUERY_STRING: query || '',
    CONTENT_TYPE: headers['content-type'] || '',
    CONTENT_LENGTH: headers['content-length'] || '',
    DOCUMENT_ROOT: root,
    SCRIPT_NAME: name,
    SCRIPT_FILENAME: file,
    PATH_INFO: pathInfo,
    REDIRECT_STATUS: '200', // or PHP refuses to run as a CGI program
  }
  for (var [key, value] of Object.entries(headers)) {
    // Proxy would become HTTP_PROXY, which programs take for a setting. With _ a name could pass for another one.
    if (key === 'proxy' || key.includes('_')) continue
    params['HTTP_' + key.toUpperCase().replaceAll('-', '_')] = [value].flat().join(key === 'cookie' ? '; ' : ', ')
  }
  return params
}

// Takes the head off what a program has written: its text, or undefined if it is not complete.
export function takeHead(data) {
  var ends = 0 // line ends in a row
  var head = data.shiftTo(byte => {
    if (byte === 10) return ++ends === 2
    if (byte !== 13) ends = 0
    return false
  })
  if (ends === 2) return head.toString()
  data.push(head)
  if (data.size > 65536) throw new Error('the head of the response is too large')
}

export function parseHead(text) {
  var headers = {}
  for (var line of text.trim().split(/\r?\n/)) {
    var [, name, value] = /^([^:]+):\s*(.*)$/.exec(line) || []
    if (!name) continue
    name = name.toLowerCase()
    headers[name] = name in headers ? [headers[name], value].flat() : value
  }
  var status = parseInt(headers.status) || (headers.location ? 302 : 200)
  delete headers.status
  return { status, headers }
}
