// HTTP in front of PHP: static files from a folder, *.php by FastCGI.

import { paramsOf, parseHead, takeHead } from './cgi.js'

var root = os.path.resolve(os.env.WWW || 'examples/fastcgi-front/www')
var php = os.env.PHP || '127.0.0.1:8081' // or unix:/run/php/php-fpm.sock

var files = new http.Directory(root, { fs: true, index: ['index.html'], redirect: true, methods: true, decode: true })

var $inbound
var $request // head of the current request
var $script  // { name, file, pathInfo }, null for a static file
var $refusal // status, if the request is refused
var $head    // what has come of the head of PHP's response, null when there is one

// Which script a path is for. Only a file that exists is one, so that /image.jpg/x.php does not make PHP run the image.
function findScript(path) {
  var m = /^(.*?\.php)(\/.*)?$/.exec(path.endsWith('/') ? path + 'index.php' : path)
  if (!m) return null
  var file = root + m[1]
  return os.stat(file)?.isFile() ? { name: m[1], file, pathInfo: m[2] || '' } : null
}

function begin(head) {
  $request = head
  $refusal = $script = null
  $head = new Data
  try {
    var path = decodeURIComponent(head.path.split('?')[0])
  } catch {}
  if (!path?.startsWith('/') || path.includes('\0')) return $refusal = 400
  if (/\/\./.test(path)) return $refusal = 404 // hidden files, and ways out of the folder
  $script = findScript(path)
  if (!$script && /\.php/i.test(path)) return $refusal = 404 // the text of a program is nobody's business
  // A CGI program is told the length of a body before it.
  if ($script && head.headers['transfer-encoding']) $refusal = 411
}

function page(status, text) {
  return new Message({ status, headers: { 'content-type': 'text/plain' } }, text + '\n')
}

function badGateway() {
  $head = null
  return [page(502, 'PHP does not answer properly.')]
}

var serveStatic = pipeline($=>$
  .replaceMessage(req => files.serve(req) || page(404, 'Not found.'))
)

var refuse = pipeline($=>$
  .replaceMessage(() => page($refusal, { 400: 'Bad request.', 404: 'Not found.', 411: 'A content-length is needed.' }[$refusal]))
)

// Bodies are streamed in both directions.
var runScript = pipeline($=>$
  .replaceMessageStart(() => new MessageStart({ params: paramsOf($request, $script, root, $inbound) }))
  .muxFastCGI().to($=>$.connect(php, { connectTimeout: 3 }))
  .replaceMessageStart()
  .replaceData(data => {
    if (!$head) return data
    $head.push(data)
    var text = takeHead($head)
    if (!text) return
    var rest = $head
    $head = null
    return [new MessageStart(parseHead(text)), rest]
  })
  .replaceMessageEnd(({ tail }) => {
    if (tail?.stderr?.size) console.error(`${$script.name}: ${tail.stderr.toString().trim()}`)
    return $head ? badGateway() : new MessageEnd
  })
  .replaceStreamEnd(end => $head ? [...badGateway(), end] : end)
)

pipy.listen(os.env.PORT || 8000, $=>$
  .onStart(inbound => void ($inbound = inbound))
  .demuxHTTP({ maxBodySize: '64m' }).to($=>$
    .handleMessageStart(({ head }) => void begin(head))
    .pipe(() => $refusal ? refuse : $script ? runScript : serveStatic)
  )
)
