"""A website, and a page in which every touch of the device is written down."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest reads this file before Django has its settings
    from playwright.sync_api import Page

    from tests.tracking.script.site import Site

WATCH = """
window.touched = [];
const watch = (object, name, label) => {
  const original = object[name];
  object[name] = function (...values) { touched.push(label); return original.apply(this, values); };
};
for (const name of ["getItem", "setItem", "removeItem", "key", "clear"]) watch(Storage.prototype, name, "storage." + name);
watch(IDBFactory.prototype, "open", "indexedDB.open");
watch(CacheStorage.prototype, "open", "caches.open");
watch(Navigator.prototype, "sendBeacon", "sendBeacon");
watch(window, "fetch", "fetch");
for (const name of ["cookie", "referrer"]) {
  const property = Object.getOwnPropertyDescriptor(Document.prototype, name);
  Object.defineProperty(document, name, {
    get() { touched.push("read " + name); return property.get.call(document); },
    set(value) { touched.push("write " + name + " " + value.split(";")[0]); property.set.call(document, value); },
  });
}
"""


@pytest.fixture
def site() -> "Iterator[Site]":
    from tests.tracking.script.site import Site

    running = Site()
    yield running
    running.close()


@pytest.fixture
def errors(page: "Page") -> list[str]:
    """What went wrong in the page."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture
def watched(page: "Page", errors: list[str]) -> "Page":
    """`touched` in this page lists reads and writes of cookies, storage, referrer, and sending."""
    page.add_init_script(WATCH)
    return page
