package filter

import (
	"strings"

	"weir/internal/payload"
	"weir/internal/pipeline"
	"weir/internal/plain"
	"weir/internal/proto/mqtt"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "decodeMQTT", Sig: "decodeMQTT(options?: {maxMessageSize?: size})",
		Rows: append(rowsOf(mqttRows), maxMessageSizeRow("decodeMQTT")),
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			o, err := options(b, 0)
			if err != nil {
				return nil, err
			}
			limit := maxMessageSize(o)
			return &decodeDef{make: func() decoder { return mqtt.NewDecoder(limit) }}, o.Err()
		},
	})
	pipeline.Register(pipeline.Spec{
		Name: "encodeMQTT", Sig: "encodeMQTT()", Rows: mqttNames(),
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			return &encodeDef{keepBody: true, maxBody: mqtt.MaxPacket, encode: encodeMQTT}, nil
		},
	})
}

// mqttRows are the objects of decodeMQTT and encodeMQTT.
const mqttRows = `mqtt:MessageHead#type	enum = 'CONNECT'
mqtt:MessageHead#dup	boolean = false
mqtt:MessageHead#retain	boolean = false
mqtt:MessageHead#sessionPresent	boolean = false
mqtt:MessageHead#qos	int = 0
mqtt:MessageHead#packetIdentifier	int = 0
mqtt:MessageHead#protocolLevel	int = 5
mqtt:MessageHead#keepAlive	int = 0
mqtt:MessageHead#reasonCode	int = 0
mqtt:MessageHead#topicName	string
mqtt:MessageHead#properties	object | null
mqtt:ConnectPayload#clientID	string
mqtt:ConnectPayload#username	string
mqtt:ConnectPayload#password	Data | null
mqtt:ConnectPayload#will	Will | null
mqtt:ConnectPayload#cleanStart	boolean
mqtt:Will#qos	int
mqtt:Will#retain	boolean
mqtt:Will#properties	object
mqtt:Will#topic	string
mqtt:Will#payload	Data
mqtt:SubscribePayload#topicFilters	TopicFilter[]
mqtt:TopicFilter#filter	string
mqtt:TopicFilter#qos	int
mqtt:TopicFilter#noLocal	true, if set [beyond]
mqtt:TopicFilter#retainAsPublished	true, if set [beyond]
mqtt:TopicFilter#retainHandling	int, if not 0 [beyond]
`

// rowsOf reads lines of path and signature of properties.
func rowsOf(lines string) []script.Row {
	var rows []script.Row
	for line := range strings.Lines(lines) {
		path, sig, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		rows = append(rows, script.Row{Path: path, Kind: "property", Signature: sig})
	}
	return rows
}

// constantRows are rows for the names of an enumeration.
func constantRows(prefix string, names []string) []script.Row {
	var rows []script.Row
	for _, name := range names {
		if name != "" {
			rows = append(rows, script.Row{Path: prefix + name, Kind: "constant", Signature: "'" + name + "'"})
		}
	}
	return rows
}

func mqttNames() []script.Row {
	rows := constantRows("mqtt:PacketType.", mqtt.Type(0).EnumNames())
	for _, name := range append(mqtt.PropertyNames(), "<user property>") {
		rows = append(rows, script.Row{Path: "mqtt:properties." + name, Kind: "property", Signature: "see MQTT 5, section 2.2.2.2"})
	}
	return rows
}

func encodeMQTT(f *pipeline.Base, b []byte, head any, body *stream.Data, x any) ([]byte, error) {
	r := f.Realm()
	h, _, err := payload.Struct(r, head, mqtt.NewHead())
	if err != nil {
		return nil, err
	}
	var content any
	switch h.Type {
	case mqtt.Connect:
		content, _, err = payload.Struct(r, x, mqtt.ConnectPayload{})
	case mqtt.Subscribe:
		content, _, err = payload.Struct(r, x, mqtt.SubscribePayload{})
	case mqtt.SubAck, mqtt.UnsubAck, mqtt.Unsubscribe:
		var changed any
		if content, changed, err = payload.Read(r, x); changed != nil {
			content = mqttList(h.Type, changed)
		}
	}
	if err != nil {
		return nil, err
	}
	return mqtt.Append(b, h, body, content)
}

// mqttList makes the payload of a packet that has a list of codes or topics.
func mqttList(t mqtt.Type, x any) any {
	list, _ := plain.Elements(x)
	if t == mqtt.Unsubscribe {
		topics := make(mqtt.Topics, len(list))
		for i, e := range list {
			topics[i], _ = plain.Text(e)
		}
		return topics
	}
	codes := make(mqtt.Codes, len(list))
	for i, e := range list {
		codes[i] = byte(plain.Integer(e))
	}
	return codes
}
