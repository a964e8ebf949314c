package main

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// What the guide's Go sample sends with: takes a call at once, and delivers later, whatever becomes of it.
type analytics struct {
	url      string
	writeKey string
	waiting  chan map[string]interface{}
}

func newAnalytics(url, writeKey string) *analytics {
	made := &analytics{url + "/v1/batch", writeKey, make(chan map[string]interface{}, 10000)}
	go made.deliver()
	return made
}

func (a *analytics) call(event map[string]interface{}) error {
	a.waiting <- event
	return nil
}

func (a *analytics) deliver() {
	for event := range a.waiting {
		batch := []map[string]interface{}{event}
		for len(a.waiting) > 0 && len(batch) < 100 {
			batch = append(batch, <-a.waiting)
		}
		body, err := json.Marshal(map[string]interface{}{"batch": batch})
		if err != nil {
			continue
		}
		request, err := http.NewRequest("POST", a.url, bytes.NewReader(body))
		if err != nil {
			continue
		}
		request.SetBasicAuth(a.writeKey, "")
		request.Header.Set("Content-Type", "application/json")
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
		}
	}
}
