// The Go proxy of Customer.io's public guide, as its sample behaves: which answer to what, and nothing about origins, gzip or
// limits. PORT=0 WRITE_KEY=… UPSTREAM_URL=… go run .
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
)

var customerio = newAnalytics(os.Getenv("UPSTREAM_URL"), os.Getenv("WRITE_KEY"))

func isKnown(authorization string) bool {
	if !strings.HasPrefix(authorization, "Basic ") {
		return false
	}
	credentials, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(authorization, "Basic "))
	if err != nil {
		return false
	}
	return strings.HasPrefix(strings.SplitN(string(credentials), ":", 2)[0], "client-api-key-")
}

// What is missing ends the request: the sample asserts what it reads.
func forward(event map[string]interface{}) error {
	kind, isText := event["type"].(string)
	if !isText {
		return fmt.Errorf("invalid event type")
	}
	text := func(name string) string { return event[name].(string) }
	fields := func(name string) map[string]interface{} { return event[name].(map[string]interface{}) }
	call := map[string]interface{}{"type": kind, "timestamp": event["timestamp"], "context": event["context"]}
	switch kind {
	case "identify":
		call["userId"], call["traits"] = text("userId"), fields("traits")
	case "track":
		call["userId"], call["event"], call["properties"] = text("userId"), text("event"), fields("properties")
	case "page", "screen":
		call["userId"], call["name"], call["properties"] = text("userId"), text("name"), fields("properties")
	case "group":
		call["userId"], call["groupId"], call["traits"] = text("userId"), text("groupId"), fields("traits")
	default:
		return fmt.Errorf("unknown event type")
	}
	return customerio.call(call)
}

func answer(w http.ResponseWriter, r *http.Request) {
	if !isKnown(r.Header.Get("Authorization")) {
		http.Error(w, `{"error": "Unauthorized"}`, http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, `{"error": "Invalid request"}`, http.StatusBadRequest)
		return
	}
	var payload map[string]interface{}
	if err := json.Unmarshal(body, &payload); err != nil {
		http.Error(w, `{"error": "Invalid JSON"}`, http.StatusBadRequest)
		return
	}
	// An event that is refused is no reason to say so.
	if strings.HasSuffix(r.URL.Path, "/v1/batch") {
		for _, each := range payload["batch"].([]interface{}) {
			_ = forward(each.(map[string]interface{}))
		}
	} else {
		_ = forward(payload)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(`{"success": true}`))
}

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "0"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("{\"listening\": \"http://%s\"}\n", listener.Addr())
	server := &http.Server{Handler: http.HandlerFunc(answer), ErrorLog: log.New(io.Discard, "", 0)}
	log.Fatal(server.Serve(listener))
}
