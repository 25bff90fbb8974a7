import * as pulumi from "@pulumi/pulumi";

interface PinnedCertificatesArgs {
  /** Where the service provider takes its identity provider's certificates. */
  url: pulumi.Input<string>;
  /** PEM. */
  certificates: pulumi.Input<string[]>;
}

/**
 * The certificates that a SAML service provider trusts, set over its administration's API.
 * It stands for whatever holds them for you: a Kubernetes ConfigMap, a secret, a gateway's or a SaaS product's resource.
 * What counts is that it is done only once the service provider has taken them over.
 */
export class PinnedCertificates extends pulumi.dynamic.Resource {
  constructor(name: string, args: PinnedCertificatesArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      {
        create: async (inputs: { url: string; certificates: string[] }) => {
          await put(inputs.url, inputs.certificates);
          return { id: inputs.url, outs: inputs };
        },
        update: async (_id, _before, inputs: { url: string; certificates: string[] }) => {
          await put(inputs.url, inputs.certificates);
          return { outs: inputs };
        },
      },
      name,
      args,
      opts,
    );
  }
}

/** The token is read from the environment when it is needed, so that it never stands in state. */
async function put(url: string, certificates: string[]): Promise<void> {
  const answer = await fetch(url, {
    method: "PUT",
    headers: {
      authorization: `Bearer ${process.env["SERVICE_PROVIDER_TOKEN"] ?? ""}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(certificates),
    redirect: "error",
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status} to its new certificates`);
}
