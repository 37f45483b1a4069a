// TC strings with their true content, made by the IAB's own encoder: node tcf_vectors.mjs <count> <seed> → JSON on stdout.
import { GVL, Segment, SegmentEncoder, TCModel, TCString } from "@iabtcf/core";

const [count, seed] = process.argv.slice(2).map(Number);
let state = seed >>> 0;
const random = () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);
const pick = (all, share) => all.filter(() => random() < share);

const PURPOSES = Array.from({ length: 11 }, (_, index) => index + 1);
const VENDORS = [1, 2, 3, 7, 28, 32, 52, 755, 793, 1126, ...Array.from({ length: 40 }, (_, index) => 100 + index)];
const named = (ids) => Object.fromEntries(ids.map((id) => [id, { id, name: `${id}`, description: "", illustrations: [] }]));
const vendor = (id) => ({
  id, name: `Vendor ${id} (sample)`, purposes: PURPOSES, legIntPurposes: [7, 9], flexiblePurposes: [2], specialPurposes: [],
  features: [], specialFeatures: [], policyUrl: "https://vendor.example/", usesCookies: true, cookieMaxAgeSeconds: 1, cookieRefresh: false,
  usesNonCookieAccess: false, overflow: { httpGetLimit: 32 }, dataDeclaration: [], dataRetention: {}, urls: [],
});

function gvl() {
  return new GVL({
    gvlSpecificationVersion: 3, vendorListVersion: 120, tcfPolicyVersion: 5, lastUpdated: "2026-01-01T00:00:00Z",
    purposes: named(PURPOSES), specialPurposes: named([1, 2]), features: named([1, 2]), specialFeatures: named([1, 2]),
    stacks: {}, dataCategories: {}, vendors: Object.fromEntries(VENDORS.map((id) => [id, vendor(id)])),
  });
}

function vector() {
  const model = new TCModel(gvl());
  model.cmpId = 300;
  model.cmpVersion = 2;
  model.consentScreen = 1;
  model.consentLanguage = "DE";
  model.publisherCountryCode = "DE";
  model.isServiceSpecific = true;
  const share = random();
  const truth = { purposes: pick(PURPOSES, 0.6), vendors: pick(VENDORS, share), disclosed: pick(VENDORS, random()) };
  model.purposeConsents.set(truth.purposes);
  model.vendorConsents.set(truth.vendors);
  const withDisclosed = random() < 0.8;
  const segments = [TCString.encode(model, { segments: [Segment.CORE] })];
  if (withDisclosed) {  // by itself: the encoder of whole strings discloses all vendors of the list
    model.vendorsDisclosed.empty();
    model.vendorsDisclosed.set(truth.disclosed);
    segments.push(SegmentEncoder.encode(model, Segment.VENDORS_DISCLOSED));
  }
  if (random() < 0.5) segments.push(SegmentEncoder.encode(model, Segment.PUBLISHER_TC));
  return { ...truth, withDisclosed, tcString: segments.join(".") };
}

process.stdout.write(JSON.stringify(Array.from({ length: count }, vector)));
