import { PolicyPack } from "@pulumi/policy";
import { signingKeyPolicies } from "pulumi-auth0-signing-keys/policy";

new PolicyPack("auth0-signing-keys", { policies: signingKeyPolicies() });
