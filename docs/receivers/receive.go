// Takes straykey's webhooks: go run receive.go PORT SECRET_FILE. Go 1.21 or newer, nothing besides.
// SECRET_FILE has one whsec_ secret a line. While one replaces another, have both.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	clockDifferenceSecondsMax = 300
	bodyBytesMax              = 256 * 1024
)

var (
	secrets [][]byte
	mutex   sync.Mutex
	taken   = map[string]bool{} // ids that came; yours belong into your database, so that a restart does not forget them
)

// body: the bytes as they came. Whoever parses them first checks something else.
func isGenuine(header http.Header, body []byte) bool {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if id == "" || err != nil {
		return false
	}
	if age := time.Now().Unix() - seconds; age > clockDifferenceSecondsMax || age < -clockDifferenceSecondsMax {
		return false // somebody sends an old message again
	}
	for _, word := range strings.Split(header.Get("webhook-signature"), " ") {
		version, value, _ := strings.Cut(word, ",")
		sent, err := base64.StdEncoding.DecodeString(value)
		if version != "v1" || err != nil {
			continue
		}
		for _, secret := range secrets {
			expected := hmac.New(sha256.New, secret)
			io.WriteString(expected, id+"."+timestamp+".")
			expected.Write(body)
			if hmac.Equal(sent, expected.Sum(nil)) {
				return true
			}
		}
	}
	return false
}

// What you want done. Be quick: straykey waits 15 s.
func take(body []byte) error {
	var message struct {
		Type string
		Data struct{ ID, Severity, Title string }
	}
	if err := json.Unmarshal(body, &message); err != nil {
		return err
	}
	fmt.Println(message.Type, message.Data.ID, message.Data.Severity, message.Data.Title)
	return nil
}

func receive(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, bodyBytesMax))
	if err != nil {
		response.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if request.Method != http.MethodPost || !isGenuine(request.Header, body) {
		response.WriteHeader(http.StatusUnauthorized)
		return
	}
	id := request.Header.Get("webhook-id")
	mutex.Lock()
	defer mutex.Unlock()
	if !taken[id] {
		if err := take(body); err != nil {
			response.WriteHeader(http.StatusInternalServerError)
			return
		}
		taken[id] = true
	}
	response.WriteHeader(http.StatusNoContent) // only now: after any other answer, or none, it comes again
}

func main() {
	lines, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	for _, line := range strings.Fields(string(lines)) {
		secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(line, "whsec_"))
		if err != nil {
			log.Fatal(err)
		}
		secrets = append(secrets, secret)
	}
	server := http.Server{Addr: "127.0.0.1:" + os.Args[1], Handler: http.HandlerFunc(receive), ReadTimeout: 15 * time.Second}
	log.Fatal(server.ListenAndServe())
}
