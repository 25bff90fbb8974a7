// Package sdk names what the Go programs of the tests import, so that `go mod tidy` keeps it.
package sdk

import (
	_ "github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	_ "github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)
