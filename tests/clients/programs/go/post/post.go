// Posts a file: post LIBRARY URL TOKEN CA FILE. Prints the status and the answer; exit code 1 unless 200.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/hashicorp/go-retryablehttp"
)

func trusting(authority string) *http.Client {
	pem, err := os.ReadFile(authority)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
}

func main() {
	library, url, token, file := os.Args[1], os.Args[2], os.Args[3], os.Args[5]
	client := trusting(os.Args[4])
	body, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	var reader io.Reader = bytes.NewReader(body)
	if library == "chunked" {
		reader = io.MultiReader(reader) // its length is unknown
	}
	request, err := http.NewRequest("POST", url, reader)
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	var answer *http.Response
	if library == "retryable" {
		retrying := retryablehttp.NewClient()
		retrying.HTTPClient = client
		retrying.RetryMax = 20
		wrapped, wrapError := retryablehttp.FromRequest(request)
		if wrapError != nil {
			panic(wrapError)
		}
		answer, err = retrying.Do(wrapped)
	} else {
		answer, err = client.Do(request)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	text, _ := io.ReadAll(answer.Body)
	fmt.Println(answer.StatusCode, strings.TrimSpace(string(text)))
	if answer.StatusCode != 200 {
		os.Exit(1)
	}
}
