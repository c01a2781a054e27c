# shellcheck shell=bash
# Sourced by ops/services: the browser that the tests of the web pages run in.
#
# What lives here: which programs are looked for and which packages have them. What never does: starting
# one (a test starts its own and ends it), or a browser that is downloaded from elsewhere.

# The tests look for the same programs in the same order (workers/portal-shim/tests/pages/browser.rs).
BROWSERS=(chromium chromium-browser google-chrome)

missing_browser_packages() {
    [[ -n $(browser_program) ]] || echo chromium
    [[ -n $(driver_program) ]] || echo chromium-driver
}

browser_program() {
    local name
    for name in ${DRAY_CHROMIUM:+"$DRAY_CHROMIUM"} "${BROWSERS[@]}"; do
        if command -v "$name"; then return 0; fi
    done
}

driver_program() { command -v "${DRAY_CHROMEDRIVER:-chromedriver}" || true; }

browser() {
    install_missing missing_browser_packages \
        "set DRAY_CHROMIUM and DRAY_CHROMEDRIVER to a Chromium or Chrome and its chromedriver (Ubuntu has Chromium as a snap only)."
}
