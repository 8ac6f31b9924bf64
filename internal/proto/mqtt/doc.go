// Package mqtt is MQTT 3.1, 3.1.1 and 5 (OASIS Standard of 7 March 2019): bytes to packets and back.
package mqtt
