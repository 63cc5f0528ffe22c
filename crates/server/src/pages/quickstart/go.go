// {{ heading }}
// go run quickstart.go
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

const url = "{{ base }}"

func call(method, path, token string, body any) []byte {
	text, _ := json.Marshal(body)
	request, err := http.NewRequest(method, url+path, bytes.NewReader(text))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
{%- if key %}
	request.Header.Set("{{ key_header }}", "{{ key }}")
{%- endif %}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(answer.Body)
	return said
}

func main() {
	email, password := "ada@example.org", "SecureP@ss123"
	if len(os.Args) > 2 {
		email, password = os.Args[1], os.Args[2]
	}
{%- if sign_up %}
	fmt.Println(string(call("POST", "{{ sign_up }}", "", map[string]string{"email": email, "password": password})))
{%- endif %}

	answer := call("POST", "{{ sign_in }}", "", map[string]string{"{{ identifier }}": email, "password": password})
	var signedIn struct {
		Token string `json:"{{ token }}"`
	}
	if json.Unmarshal(answer, &signedIn) != nil || signedIn.Token == "" {
		log.Fatalf("not signed in: %s", answer)
	}

	fmt.Println(string(call("GET", "{{ profile }}", signedIn.Token, nil)))
}
