package http1

import "bytes"

// parseStartLine parses a request line or a status line. at is the position of line in the section.
func (d *Decoder) parseStartLine(line []byte, at int) error {
	if d.Response {
		return d.parseStatusLine(line, at)
	}
	l := &d.lines
	i := 0
	for i < len(line) && isToken[line[i]] {
		i++
	}
	if i == 0 || i == len(line) || line[i] != ' ' {
		return d.fail(400, "malformed request method")
	}
	rest := line[i+1:]
	j := 0
	for j < len(rest) && isTarget[rest[j]] {
		j++
	}
	if j == 0 || j == len(rest) || rest[j] != ' ' {
		return d.fail(400, "malformed request target")
	}
	l.startLine = span{uint32(at), uint32(at + i)}
	l.target = span{uint32(at + i + 1), uint32(at + i + 1 + j)}
	switch version := rest[j+1:]; string(version) {
	case protocol11:
		l.protocol = protocol11
	case protocol10:
		l.protocol = protocol10
	default:
		if d.Preface && !l.empty && string(line) == "PRI * HTTP/2.0" {
			return ErrPreface
		}
		if isVersion(version) {
			return d.fail(505, "HTTP version not supported")
		}
		return d.fail(400, "malformed HTTP version")
	}
	return nil
}

func (d *Decoder) parseStatusLine(line []byte, at int) error {
	l := &d.lines
	version, rest, _ := bytes.Cut(line, []byte{' '})
	switch string(version) {
	case protocol11:
		l.protocol = protocol11
	case protocol10:
		l.protocol = protocol10
	case protocol20:
		l.protocol = protocol20
	default:
		return d.fail(502, "malformed or unsupported HTTP version in the response")
	}
	if len(rest) < 3 || rest[0] < '1' || rest[0] > '5' || unhex[rest[1]] > 9 || unhex[rest[2]] > 9 ||
		len(rest) > 3 && rest[3] != ' ' {
		return d.fail(502, "malformed status code")
	}
	l.status = int(rest[0]-'0')*100 + int(rest[1]-'0')*10 + int(rest[2]-'0')
	text := rest[min(4, len(rest)):]
	if !allText(text) {
		return d.fail(502, "control character in the status text")
	}
	end := at + len(line)
	l.target = span{uint32(end - len(text)), uint32(end)}
	return nil
}

// isVersion reports whether v is a version of HTTP, if not one spoken here.
func isVersion(v []byte) bool {
	return len(v) == 8 && string(v[:5]) == "HTTP/" && unhex[v[5]] <= 9 && v[6] == '.' && unhex[v[7]] <= 9
}
