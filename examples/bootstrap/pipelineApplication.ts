import * as auth0 from "@pulumi/auth0";
import * as pulumi from "@pulumi/pulumi";
import { nameOf } from "./publicKeys";

export interface PipelineApplicationArgs {
  readonly description: string;
  /** One, or two while the pipeline changes from one to the other; PEM. */
  readonly publicKeys: readonly string[];
  /** The Management API's identifier. */
  readonly audience: string;
  readonly scopes: readonly string[];
}

/** A machine-to-machine application that signs in by private_key_jwt and may do exactly this on the Management API. */
export class PipelineApplication extends pulumi.ComponentResource {
  declare readonly clientId: pulumi.Output<string>;
  declare readonly scopes: pulumi.Output<string[]>;

  constructor(name: string, args: PipelineApplicationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("auth0-signing-keys-bootstrap:index:PipelineApplication", name, {}, opts);
    const parent = { parent: this };
    const client = new auth0.Client(
      name,
      {
        name: `Signing keys: ${name}`,
        description: args.description,
        appType: "non_interactive",
        grantTypes: ["client_credentials"],
        oidcConformant: true,
        jwtConfiguration: { alg: "RS256" }, // Auth0 sets up private_key_jwt with this alone
      },
      parent,
    );
    const credentials = new auth0.ClientCredentials(
      name,
      {
        clientId: client.clientId,
        authenticationMethod: "private_key_jwt",
        privateKeyJwt: {
          credentials: args.publicKeys.map((pem) => ({
            name: nameOf(pem),
            credentialType: "public_key",
            algorithm: "RS256",
            pem,
          })),
        },
      },
      parent,
    );
    const grant = new auth0.ClientGrant(
      name,
      { clientId: client.clientId, audience: args.audience, scopes: [...args.scopes] },
      // Nothing is granted to an application that still signs in by the secret Auth0 has made for it.
      { ...parent, dependsOn: credentials },
    );
    this.clientId = client.clientId;
    this.scopes = grant.scopes.apply((scopes) => scopes ?? []);
    this.registerOutputs({ clientId: this.clientId, scopes: this.scopes });
  }
}
