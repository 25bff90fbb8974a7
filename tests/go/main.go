// Drives the emulator with go-auth0, a client of the Management API that this project did not write:
// rotates once, revokes the retired key, and prints what it saw as one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/auth0/go-auth0/management"
)

type report struct {
	Before          []*management.SigningKey `json:"before"`
	RotatedKid      string                   `json:"rotatedKid"`
	After           []*management.SigningKey `json:"after"`
	RevokeCurrent   int                      `json:"revokeCurrent"`
	RevokedKid      string                   `json:"revokedKid"`
	ListByOldToken  int                      `json:"listByOldToken"`
	AfterRevocation []*management.SigningKey `json:"afterRevocation"`
}

func main() {
	result, err := rotateAndRevoke(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func rotateAndRevoke(ctx context.Context) (*report, error) {
	client, err := connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	var seen report
	if seen.Before, err = client.SigningKey.List(ctx); err != nil {
		return nil, fmt.Errorf("listing: %w", err)
	}
	retired, err := currentKid(seen.Before)
	if err != nil {
		return nil, err
	}
	rotated, err := client.SigningKey.Rotate(ctx)
	if err != nil {
		return nil, fmt.Errorf("rotating: %w", err)
	}
	seen.RotatedKid = rotated.GetKID()
	if seen.After, err = client.SigningKey.List(ctx); err != nil {
		return nil, fmt.Errorf("listing after the rotation: %w", err)
	}
	current, err := currentKid(seen.After)
	if err != nil {
		return nil, err
	}
	_, err = client.SigningKey.Revoke(ctx, current)
	seen.RevokeCurrent = statusOf(err)
	// The token in use was signed by this key: it allows this call and none after it.
	revoked, err := client.SigningKey.Revoke(ctx, retired)
	if err != nil {
		return nil, fmt.Errorf("revoking: %w", err)
	}
	seen.RevokedKid = revoked.GetKID()
	_, err = client.SigningKey.List(ctx)
	seen.ListByOldToken = statusOf(err)
	fresh, err := connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting anew: %w", err)
	}
	if seen.AfterRevocation, err = fresh.SigningKey.List(ctx); err != nil {
		return nil, fmt.Errorf("listing with a fresh token: %w", err)
	}
	return &seen, nil
}

func connect(ctx context.Context) (*management.Management, error) {
	return management.New(
		os.Getenv("AUTH0_DOMAIN"),
		management.WithClientCredentials(ctx, os.Getenv("AUTH0_CLIENT_ID"), os.Getenv("AUTH0_CLIENT_SECRET")),
	)
}

func currentKid(keys []*management.SigningKey) (string, error) {
	for _, key := range keys {
		if key.GetCurrent() {
			return key.GetKID(), nil
		}
	}
	return "", errors.New("no current key in the list")
}

// statusOf is the HTTP status that the API refused a call with, 0 if it did not.
func statusOf(err error) int {
	var refusal management.Error
	if errors.As(err, &refusal) {
		return refusal.Status()
	}
	return 0
}
