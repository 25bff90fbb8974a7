package main

import (
	"pulumi-auth0-signing-keys/sdk/go/auth0signingkeys"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")

		keys, err := auth0signingkeys.NewSigningKeyRotation(ctx, "keys", &auth0signingkeys.SigningKeyRotationArgs{
			Generation:  pulumi.Int(settings.RequireInt("generation")),
			GracePeriod: pulumi.String(settings.Require("gracePeriod")),
		})
		if err != nil {
			return err
		}

		// Stands for your consumers: whatever holds the certificates that verifiers pin.
		pinned, err := pulumi.NewStash(ctx, "pinned", &pulumi.StashArgs{Input: keys.TrustedCertificates})
		if err != nil {
			return err
		}

		// Revokes each retired key once it is due, after the consumers have been updated.
		_, err = auth0signingkeys.NewSigningKeyRevocation(ctx, "old-keys", &auth0signingkeys.SigningKeyRevocationArgs{
			Retired: keys.Retired,
		}, pulumi.DependsOn([]pulumi.Resource{pinned}))
		if err != nil {
			return err
		}

		ctx.Export("currentKid", keys.CurrentKey.Kid())
		ctx.Export("retired", keys.Retired)
		return nil
	})
}
