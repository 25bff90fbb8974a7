import * as pulumi from "@pulumi/pulumi";
import { escEnvironment } from "./escEnvironment";
import { type Job, scopesFor } from "./jobs";
import { PipelineApplication } from "./pipelineApplication";
import { publicKeysFrom } from "./publicKeys";
import { configuredTenant } from "./tenant";

const config = new pulumi.Config();
const autoGrace = config.getBoolean("autoGrace") ?? false;
const tenant = configuredTenant();

const descriptions: Readonly<Record<Job, string>> = {
  rotation: "Rotates the application signing keys, and may revoke them",
  preview: "Looks at the application signing keys",
  revocation: "Revokes retired application signing keys",
  audit: "Holds receipts against the application signing keys and the log",
};

const created = [...publicKeysFrom(config.requireObject("applications"))].map(([job, publicKeys]) => {
  const description = descriptions[job];
  const scopes = scopesFor(job, { autoGrace });
  const { audience } = tenant;
  return { job, application: new PipelineApplication(job, { description, publicKeys, audience, scopes }) };
});

/** By job: the client id, and what it is granted. None of it is secret. */
export const applications = Object.fromEntries(
  created.map(({ job, application: { clientId, scopes } }) => [job, { clientId, scopes }]),
);

/** By job: the definition of an ESC environment for its pipeline; the private key is still to be put in. */
export const escEnvironments = Object.fromEntries(
  created.map(({ job, application }) => [
    job,
    application.clientId.apply((clientId) => escEnvironment(tenant, clientId)),
  ]),
);
