// A consent manager made of the IAB's own packages: its window.__tcfapi and its encoder.
import { CmpApi } from "@iabtcf/cmpapi";
import { GVL, Segment, SegmentEncoder, TCModel, TCString } from "@iabtcf/core";

const PURPOSES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const named = (ids) => Object.fromEntries(ids.map((id) => [id, { id, name: `${id}`, description: "", illustrations: [] }]));
const list = {
  gvlSpecificationVersion: 3, vendorListVersion: 120, tcfPolicyVersion: 5, lastUpdated: "2026-01-01T00:00:00Z",
  purposes: named(PURPOSES), specialPurposes: named([1, 2]), features: named([1, 2]), specialFeatures: named([1, 2]),
  stacks: {}, dataCategories: {}, vendors: {},
};
const manager = new CmpApi(300, 2, true);

window.ask = () => manager.update("", true);
window.choose = (purposes, disclosed = [1]) => {
  const model = new TCModel(new GVL(list));
  Object.assign(model, { cmpId: 300, cmpVersion: 2, consentScreen: 1, consentLanguage: "DE", isServiceSpecific: true });
  model.purposeConsents.set(purposes);
  const segments = [TCString.encode(model, { segments: [Segment.CORE] })];
  model.vendorsDisclosed.set(disclosed);
  if (disclosed.length) segments.push(SegmentEncoder.encode(model, Segment.VENDORS_DISCLOSED)); // by default it is left out
  manager.update(segments.join("."), false);
};
