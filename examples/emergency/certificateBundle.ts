import { writeFile } from "node:fs/promises";
import * as pulumi from "@pulumi/pulumi";

interface CertificateBundleArgs {
  /** Where verifiers read the certificates that they trust. */
  file: pulumi.Input<string>;
  /** PEM. */
  certificates: pulumi.Input<string[]>;
}

/** A file of trusted certificates, which stands for whatever holds them for your verifiers: a ConfigMap, a gateway, a secret. */
export class CertificateBundle extends pulumi.dynamic.Resource {
  constructor(name: string, args: CertificateBundleArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      {
        create: async (inputs: { file: string; certificates: string[] }) => {
          await writeFile(inputs.file, inputs.certificates.join(""));
          return { id: inputs.file, outs: inputs };
        },
        update: async (_id, _before, inputs: { file: string; certificates: string[] }) => {
          await writeFile(inputs.file, inputs.certificates.join(""));
          return { outs: inputs };
        },
      },
      name,
      args,
      opts,
    );
  }
}
