package repo

import (
	"strings"

	"weir/internal/script"
)

const surface = `http:GET /api/v1/repo	endpoint	text: codebase paths
http:GET /api/v1/repo/<codebase>	endpoint	JSON info; 404
http:GET /api/v1/repo/<codebase>/<file>	endpoint	file as it is being edited; 404
http:POST /api/v1/repo/<codebase>	endpoint	JSON {version?, base?, main?}: create; 201, 400
http:PATCH /api/v1/repo/<codebase>	endpoint	JSON {version?, main?}: commit; 201, 400, 404
http:DELETE /api/v1/repo/<codebase>	endpoint	delete it and what is derived from it; 204, 400, 404
http:GET /api/v1/repo-files/<codebase>/<file>	endpoint	file as it is being edited; 404
http:POST /api/v1/repo-files/<codebase>/<file>	endpoint	set file; 201, 400, 404, 413
http:PATCH /api/v1/repo-files/<codebase>/<file>	endpoint	set file, or undo its changes if the body is empty; 201, 400, 404, 413
http:DELETE /api/v1/repo-files/<codebase>/<file>	endpoint	erase file; 204, 400, 404
http:ANY /api/v1/dump-store	endpoint	prints what the store holds; 200
http:GET /repo	endpoint	text: codebase paths
http:GET /repo/<prefix>	endpoint	text: codebase paths below it; 404
http:GET /repo/<codebase>/	endpoint	list of files, etag is the version; with "if-none-match" and "prefer: wait=N" answered when that changes
http:HEAD /repo/<codebase>/	endpoint	etag is the version
http:GET /repo/<codebase>/<file>	endpoint	published file, with etag
http:HEAD /repo/<codebase>/<file>	endpoint	etag of a published file
http:GET /repo/<codebase>/_etags	endpoint	text: lines <path>#<tag>
http:POST /repo/<codebase>/	endpoint	JSON report of an instance; 201, 206, 400, 405
http:WS /repo/<codebase>/<uuid>	endpoint	link to an instance
link:repo:reload	endpoint	reload
link:repo:log/on	endpoint	log/on/<name>
link:repo:log/off	endpoint	log/off/<name>
link:repo:log/tail	endpoint	log/tail/<name>
link:instance:log	endpoint	log/<name>\n<record>\n
link:instance:log-tail	endpoint	log-tail/<name>\n<history>
json:repo.version	property	string
json:repo.path	property	string
json:repo.main	property	string
json:repo.files	property	string[]
json:repo.editFiles	property	string[]
json:repo.erasedFiles	property	string[]
json:repo.baseFiles	property	string[]
json:repo.derived	property	string[]
json:repo.base	property	string, if there is one
json:repo.instances	property	{index: {ip, timestamp, status}}
`

// Surface lists the requests the repo answers, its messages to instances and theirs, and the JSON it gives.
func Surface() []script.Row {
	var rows []script.Row
	for line := range strings.Lines(surface) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		rows = append(rows, script.Row{Path: f[0], Kind: f[1], Signature: f[2]})
	}
	return rows
}
