// node node.cjs segment|rudderstack URL KEY EVENTS: mixed events with the unmodified client library.
const [library, url, key, count] = process.argv.slice(2);
const events = Number(count);

const calls = (client) => [
  (who, n) => client.identify({ ...who, traits: { plan: "basic", n } }),
  (who, n) => client.track({ ...who, event: "Product Viewed", properties: { n, title: "Zelt “Föhn” ⛺", price: 19.9 } }),
  (who, n) => client.page({ ...who, name: "Zelte", properties: { n } }),
  (who, n) => client.screen({ ...who, name: "Start", properties: { n } }),
  (who, n) => client.group({ ...who, groupId: "g-1", traits: { seats: n } }),
  (who) => client.alias({ previousId: who.anonymousId, userId: who.userId }),
];
const who = (n) => ({ userId: `u-${n % 50}`, anonymousId: `d-${n % 80}` });
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function segment() {
  const { Analytics } = require("@segment/analytics-node");
  const client = new Analytics({ writeKey: key, host: url, flushAt: 50, flushInterval: 200, maxRetries: 20 });
  const made = calls(client);
  for (let n = 0; n < events; n += 1) {
    made[n % 6](who(n), n);
    if (n % 500 === 499) await client.flush({ timeout: 60000, close: false });
  }
  await client.closeAndFlush({ timeout: 60000 });
}

async function rudderstack() {
  const Analytics = require("@rudderstack/rudder-sdk-node");
  const client = new Analytics(key, { dataPlaneUrl: url, flushAt: 50, flushInterval: 100, logLevel: "error", retryCount: 20 });
  const made = calls(client);
  for (let n = 0; n < events; n += 1) {
    made[n % 6](who(n), n);
    while (client.queue.length >= 100) await pause(1); // each call measures the whole queue: a long one takes minutes
  }
  while (client.queue.length > 0) await client.flush();
  await pause(300);
  await client.flush();
}

(library === "segment" ? segment() : rudderstack()).then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
