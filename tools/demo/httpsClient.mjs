import https from "node:https";

/**
 * An HTTPS client that trusts one certificate authority besides none: the built-in `fetch` takes its authorities from
 * the environment of the process alone.
 * @param {Buffer | string} ca PEM
 */
export function createHttpsClient(ca) {
  const agent = new https.Agent({ ca, keepAlive: true });

  /**
   * @param {string} method
   * @param {string} url
   * @param {{headers?: Record<string, string>, body?: unknown}} [options] `body` goes out as JSON
   * @returns {Promise<{status: number, text: string}>}
   */
  return (method, url, { headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const text =
        body instanceof URLSearchParams || body === undefined ? body?.toString() : JSON.stringify(body);
      const type = body instanceof URLSearchParams ? "application/x-www-form-urlencoded" : "application/json";
      const options = {
        method,
        agent,
        headers: { ...headers, ...(text !== undefined && { "content-type": type }) },
      };
      const asked = https.request(url, options, (answer) => {
        let received = "";
        answer.on("data", (data) => (received += data));
        answer.on("error", reject);
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: received }));
      });
      asked.on("error", reject);
      asked.end(text);
    });
}
