import { generateKeyPairSync } from "node:crypto";

/** PEM, as `openssl genpkey` and `openssl pkey -pubout` write them. */
export function rsaKeyPair(modulusLength = 2048): {
  readonly publicKey: string;
  readonly privateKey: string;
} {
  return generateKeyPairSync("rsa", {
    modulusLength,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}
