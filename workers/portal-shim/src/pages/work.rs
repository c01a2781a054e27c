//! The merchant's work list as HTML. It is the same for everybody: what is listed comes by script, with the
//! token of whoever signed in.

use super::html::Page;

const HEAD: &str = "<script type=\"module\" src=\"/assets/work.js\"></script>\n";

const MAIN: &str = r#"<h1>Work list</h1>
<noscript><p class="bad">This page needs JavaScript. The same can be done over the interface that <a href="/docs">the documentation</a> describes.</p></noscript>
<p id="alert" class="bad" role="alert"></p>
<p id="status" role="status"></p>
<form id="sign-in" class="fields" hidden>
<h2>Sign in</h2>
<div><label for="login">Account name</label>
<input id="login" name="login" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64" required></div>
<div><label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required></div>
<div><button class="main">Sign in</button></div>
</form>
<section id="desk" aria-labelledby="desk-heading" hidden>
<p>Signed in as <strong id="who"></strong> <button id="sign-out" type="button">Sign out</button></p>
<h2 id="desk-heading" tabindex="-1">Waybills</h2>
<form id="filters" class="row">
<div><label for="which">Which</label>
<select id="which" name="work"><option value="true">To do</option><option value="">All</option></select></div>
<div><label for="stands">Status</label>
<select id="stands" name="status"><option value="">Any</option><option value="CREATED">Created</option><option value="ACKNOWLEDGED">Acknowledged</option><option value="PICKED">Picked</option><option value="PACKED">Packed</option><option value="OUT_FOR_DELIVERY">Out for delivery</option><option value="DELIVERED">Delivered</option><option value="CANCELLED">Cancelled</option></select></div>
<div><label for="day">Delivery day</label>
<input id="day" name="delivery_date" type="date"></div>
<button class="main">Show</button>
</form>
<p id="live" class="hint" role="status"></p>
<div class="bulk" role="group" aria-label="Selected waybills">
<label><input id="all" type="checkbox">Select all shown</label>
<span id="count" role="status">0 selected</span>
<button type="button" data-many="ACKNOWLEDGED" disabled>Acknowledge selected</button>
<button type="button" data-many="PICKED" disabled>Picked selected</button>
<button type="button" data-many="LABELS" disabled>Labels of selected</button>
</div>
<ul id="list" class="list" aria-labelledby="desk-heading"></ul>
<p><button id="more" type="button" hidden>Show more</button></p>
</section>
<form id="label-form" action="/worklist/labels" method="post" target="_blank" hidden></form>
<template id="row"><li>
<label><input type="checkbox"><span class="unseen">Select </span><span data-is="number"></span></label>
<dl><dt>Status</dt><dd data-is="status"></dd><dt>Delivery</dt><dd data-is="day"></dd></dl>
<div class="acts">
<button type="button" data-report="ACKNOWLEDGED">Acknowledge<span class="unseen"> <span data-is="number"></span></span></button>
<button type="button" data-report="PICKED">Picked<span class="unseen"> <span data-is="number"></span></span></button>
<button type="button" data-label>Label<span class="unseen"> of <span data-is="number"></span></span></button>
</div>
</li></template>
"#;

/// The page.
pub(crate) fn page() -> String {
    Page { title: "Work list", main: MAIN, head: HEAD }.render()
}
