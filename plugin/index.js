/* global require */
// What `pulumi package add` of this folder starts: the plugin out of the npm package, which its install fetches.
require("pulumi-auth0-signing-keys/plugin");
