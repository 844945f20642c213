/* The list of findings and its filters. */

const CHUNK = 100;	   /* rows that are drawn at once */
const NEAR = 1000;	   /* rows that are drawn to show the chosen one */
const OPTIONS_MOST = 1000; /* of a filter */
const list = {
	rows: [],
	drawn: 0,
	at: null
};

function field(name)
{
	return document.getElementById("filters").elements[name];
}

function matches(row, filter)
{
	return (!filter.severities.size || filter.severities.has(row.severity)) &&
	       (!filter.kind || row.kind === filter.kind) &&
	       (!filter.module || row.module === filter.module) &&
	       (!filter.thread || row.threads.includes(filter.thread)) &&
	       (filter.hidden || row.state === "counted") &&
	       filter.words.every((word) => row.text.includes(word));
}

function valueOf(name)
{
	return field(name) ? field(name).value : "";
}

function readFilter()
{
	const severities = new Set([ "error", "warning", "note" ].filter(
		(severity) => field(severity) && field(severity).checked));

	return {
		severities,
		kind: valueOf("kind"),
		module: valueOf("module"),
		thread: valueOf("thread"),
		hidden: !field("hidden") || field("hidden").checked,
		words: valueOf("search").toLowerCase().split(/\s+/).filter(Boolean),
	};
}

function drawRow(row)
{
	return make("li", {class: row.severity},
		make("a", {
			href: `#${row.fingerprint}`,
			"aria-current": row.fingerprint === list.at && "true"
		},
			make("span", {class: "row-head"},
				make("span", {class: `severity ${row.severity}`}, row.severity),
				" ", make("span", {class: "kind"}, row.kind),
				row.state !== "counted" &&
					make("span", {class: "state"}, ` ${row.state}`),
				row.count > 1 &&
					make("span", {class: "count"},
						` \u00d7${row.count.toLocaleString("en")}`)),
			make("span", {class: "row-summary"}, row.summary),
			row.place && make("span", {class: "row-place"}, row.place)));
}

function drawUpTo(end)
{
	const next = list.rows.slice(list.drawn, end);

	document.getElementById("rows").append(...next.map(drawRow));
	list.drawn += next.length;
	document.getElementById("more").hidden = list.drawn >= list.rows.length;
}

function drawMore()
{
	drawUpTo(list.drawn + CHUNK);
}

function drawList()
{
	const filter = readFilter();
	const all = data("rows");

	list.rows = all.filter((row) => matches(row, filter));
	list.drawn = 0;
	replace("rows");
	drawMore();
	document.getElementById("shown").textContent =
		list.rows.length === all.length ? plural(all.length, "finding")
						: `${list.rows.length.toLocaleString("en")} of ${
							  plural(all.length, "finding")}`;
}

/* Marks the row of a finding, and draws the list up to it if it is near. */
function markRow(fingerprint)
{
	const index = list.rows.findIndex((row) => row.fingerprint === fingerprint);

	list.at = fingerprint;
	if (index >= list.drawn && index < NEAR)
		drawUpTo(index + CHUNK);
	for (const link of document.querySelectorAll("#rows a")) {
		if (link.hash === `#${fingerprint}`) {
			link.setAttribute("aria-current", "true");
			link.scrollIntoView({block: "nearest"});
		} else {
			link.removeAttribute("aria-current");
		}
	}
}

/* How many rows have each value, the most frequent first. */
function countValues(values)
{
	const counts = new Map();

	for (const value of values.flat())
		if (value)
			counts.set(value, (counts.get(value) || 0) + 1);
	return [...counts ].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

function makeChoice(name, title, values)
{
	const counts = countValues(values);

	if (counts.length < 2)
		return null;
	return make("label", null, make("span", null, title),
		make("select", {name, "aria-label": title},
			make("option", {value: ""}, `any ${title.toLowerCase()}`),
			counts.slice(0, OPTIONS_MOST).map(([
				value, count
			]) => make("option", {value}, `${shorten(value, 48)} \u2013 ${count}`))));
}

function makeToggle(name, words, count)
{
	return count > 0 &&
	       make("label", {class: `toggle ${name}`}, make("input", {type: "checkbox", name}),
		       make("span", null, words));
}

function makeFilters(rows)
{
	const severities = new Map(countValues(rows.map((row) => row.severity)));
	const hidden = rows.filter((row) => row.state !== "counted").length;

	return [
		make("input", {
			type: "search",
			name: "search",
			placeholder: "Search",
			autocomplete: "off",
			"aria-label" :
				"Search summaries, places, functions, threads and fingerprints"
		}),
		make("div", {class: "toggles"},
			severities.size > 1 && [ "error", "warning",
				"note" ].map((name) => makeToggle(name,
						       plural(severities.get(name) || 0, name),
						       severities.get(name))),
			makeToggle("hidden", `${hidden} suppressed or known`, hidden)),
		make("div", {class: "choices"},
			makeChoice("kind", "Kind", rows.map((row) => row.kind)),
			makeChoice("module", "Module", rows.map((row) => row.module)),
			makeChoice(
				"thread", "Thread", rows.map((row) => [...new Set(row.threads)]))),
	];
}

/* Arrow keys go from row to row. */
function stepInList(event)
{
	const step = {ArrowDown: "nextElementSibling",
		ArrowUp: "previousElementSibling"}[event.key];
	const row = step && event.target.closest("li");

	if (!row)
		return;
	if (!row[step] && step === "nextElementSibling")
		drawMore();
	if (row[step])
		row[step].querySelector("a").focus();
	event.preventDefault();
}

function startList()
{
	const rows = data("rows");
	const form = document.getElementById("filters");
	const more = document.getElementById("more");

	for (const row of rows)
		row.text = [
			row.severity, row.kind, row.summary, row.place, row.module, row.fingerprint,
			row.threads, row.functions
		].flat().join(" ").toLowerCase();
	if (rows.length > 1)
		form.append(...makeFilters(rows).filter(Boolean));
	form.addEventListener("input", drawList);
	form.addEventListener("submit", (event) => event.preventDefault());
	document.getElementById("rows").addEventListener("keydown", stepInList);
	more.addEventListener("click", drawMore);
	new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && drawMore(), {
		rootMargin: "200px"
	}).observe(more);
	drawList();
}
