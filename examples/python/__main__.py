import pulumi
from pulumi_auth0_signing_keys import SigningKeyRevocation, SigningKeyRotation

config = pulumi.Config()

keys = SigningKeyRotation(
    "keys",
    generation=config.require_int("generation"),
    grace_period=config.require("gracePeriod"),
)

# Stands for your consumers: whatever holds the certificates that verifiers pin.
pinned = pulumi.Stash("pinned", input=keys.trusted_certificates)

# Revokes each retired key once it is due, after the consumers have been updated.
SigningKeyRevocation(
    "old-keys",
    retired=keys.retired,
    opts=pulumi.ResourceOptions(depends_on=[pinned]),
)

pulumi.export("currentKid", keys.current_key.kid)
pulumi.export("retired", keys.retired)
