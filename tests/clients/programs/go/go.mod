module straykey.example/clients

go 1.23

require (
	github.com/RackSec/srslog v0.0.0-20180709174129-a4725f04ec91
	github.com/hashicorp/go-retryablehttp v0.7.8
)

require github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
