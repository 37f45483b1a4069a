"""Pages that imitate the documented interface of each consent manager: what it sets, which events it fires."""

from typing import NamedTuple


class Manager(NamedTuple):
    """Scripts: before t.js; the visitor accepts; the visitor refuses, which is also how one withdraws."""

    head: str
    accept: str
    refuse: str
    attributes: str = ""
    record: str = "purposes"  # the form context.consent takes


GTAG = "window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments); }"
DENIED = "{ad_storage: 'denied', analytics_storage: 'denied', ad_user_data: 'denied', ad_personalization: 'denied'}"

TCF = """
let listeners = [], state = {eventStatus: 'cmpuishown', gdprApplies: true, tcString: '', purpose: {consents: {}}};
window.__tcfapi = (command, version, callback) => {
  if (command !== 'addEventListener' || version !== 2) return callback(null, false);
  listeners.push(callback); callback({...state, listenerId: listeners.length}, true);
};
window.choose = (consents, tcString) => {
  state = {...state, eventStatus: 'useractioncomplete', tcString, purpose: {consents}};
  listeners.forEach((callback, i) => callback({...state, listenerId: i + 1}, true));
};
"""
COOKIEBOT = """
window.Cookiebot = {hasResponse: false, consent: {necessary: true, statistics: false, marketing: false, method: null}};
window.choose = (statistics) => {
  Object.assign(Cookiebot, {hasResponse: true});
  Object.assign(Cookiebot.consent, {statistics, marketing: false, method: 'explicit'});
  dispatchEvent(new Event('CookiebotOnConsentReady'));
  dispatchEvent(new Event(statistics ? 'CookiebotOnAccept' : 'CookiebotOnDecline'));
};
"""
ONETRUST = """
let closed = false;
window.OnetrustActiveGroups = ',C0001,C0002,';
window.OneTrust = {IsAlertBoxClosedAndValid: () => closed};
window.choose = (groups) => {
  window.OnetrustActiveGroups = groups;
  dispatchEvent(new CustomEvent('OneTrustGroupsUpdated', {detail: groups.split(',').filter(Boolean)}));
  closed = true;
};
setTimeout(() => dispatchEvent(new CustomEvent('OneTrustGroupsUpdated', {detail: ['C0001', 'C0002']})));
"""
USERCENTRICS = """
let required = true, given = true;
window.__ucCmp = {
  isInitialized: async () => true,
  isConsentRequired: async () => required,
  getConsentDetails: async () => ({consent: {}, categories: {}, services: {HkocEodjb7: {name: 'mops', consent: {given}}}}),
};
window.choose = (value) => {
  dispatchEvent(new CustomEvent('UC_UI_CMP_EVENT', {detail: {type: value ? 'ACCEPT_ALL' : 'DENY_ALL'}}));
  [required, given] = [false, value];
};
setTimeout(() => dispatchEvent(new Event('UC_UI_INITIALIZED')));
"""
USERCENTRICS_BEFORE = """
let required = true, status = false;
window.UC_UI = {
  isInitialized: () => true,
  isConsentRequired: () => required,
  getServicesBaseInfo: () => [{id: 'x', name: 'Web statistics', consent: {status}}],
};
window.choose = (value) => {
  [required, status] = [false, value];
  dispatchEvent(new CustomEvent('UC_UI_CMP_EVENT', {detail: {type: 'SAVE'}}));
};
"""
KLARO = """
const watchers = new Set();
const manager = {
  confirmed: false, consents: {mops: true}, savedConsents: {mops: true},
  watch: (watcher) => watchers.add(watcher),
  notify(name, data) { watchers.forEach((watcher) => watcher.update(this, name, data)); },
};
setTimeout(() => { window.klaro = {getManager: () => manager}; });
window.choose = (mops) => {
  manager.consents = {mops};
  manager.notify('consents', manager.consents);
  manager.confirmed = true; manager.savedConsents = {mops};
  manager.notify('saveConsents', {consents: manager.consents, type: 'save'});
};
"""

MANAGERS = {
    "page": Manager("", "mops('consent', {analytics: true})", "mops('consent', {analytics: false})"),
    "gcm": Manager(
        f"{GTAG} gtag('consent', 'default', {DENIED});",
        "gtag('consent', 'update', {analytics_storage: 'granted'})",
        f"gtag('consent', 'update', {DENIED})",
        record="analytics_storage",
    ),
    "tcf": Manager(
        TCF, "choose({1: true, 8: true}, 'CSAMPLE.IAAA')", "choose({1: false, 8: false}, 'CSAMPLE.IAAA')", record="tcString"
    ),
    "cookiebot": Manager(COOKIEBOT, "choose(true)", "choose(false)"),
    "onetrust": Manager(ONETRUST, "choose(',C0001,C0002,')", "choose(',C0001,')"),
    "usercentrics": Manager(USERCENTRICS, "choose(true)", "choose(false)"),
    "usercentrics 2": Manager(USERCENTRICS_BEFORE, "choose(true)", "choose(false)", "data-analytics='Web statistics'"),
    "klaro": Manager(KLARO, "choose(true)", "choose(false)"),
}
