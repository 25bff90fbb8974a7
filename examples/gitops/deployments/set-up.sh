#!/usr/bin/env bash
# Pulumi Deployments for one tenant: run it once, logged in, with the names of your organization, repository and tenant.
# It asks nothing of Auth0. The commands are experimental ones of Pulumi 3.259.
set -euo pipefail

organization="${1:?organization}" repository="${2:?owner/repository on GitHub}" tenant="${3:?tenant}"

# Merges rotate, pull requests are previewed. Credentials come from an environment of ESC (../esc), opened by each command.
rotation="$organization/signing-keys/$tenant"
pulumi deployment settings edit --stack "$rotation" \
  --github-repo "$repository" --branch main --folder signing-keys \
  --path-filter "signing-keys/**" \
  --preview-prs --push-to-deploy \
  --pre-run-command "npm ci --ignore-scripts" --skip-install-deps
# What time has raised, what is unfinished.
pulumi stack schedule new --stack "$rotation" --yes --kind raw --operation update --cron "17 5 * * *"

# Whoever may merge into the folder approves. Every day, what is due.
revocation="$organization/signing-keys-revocation/$tenant"
pulumi deployment settings edit --stack "$revocation" \
  --github-repo "$repository" --branch main --folder signing-keys-revocation \
  --path-filter "signing-keys-revocation/**" \
  --preview-prs --push-to-deploy \
  --pre-run-command "npm ci --ignore-scripts" --skip-install-deps
pulumi stack schedule new --stack "$revocation" --yes --kind raw --operation update --cron "47 5 * * *"
