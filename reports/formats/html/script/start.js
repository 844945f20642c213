/* What is shown follows the address: #FINGERPRINT, #findings, #locks, #run. */

const PRINTED_MOST = 50; /* findings that are printed in full */

function wordsOfResult()
{
	const result = data("document").result;
	const counts = result.counts;
	const found = [ "error", "warning", "note" ]
			      .filter((name) => counts[name])
			      .map((name) => plural(counts[name], name));
	const hidden = [ "suppressed", "known" ]
			       .filter((name) => counts[name])
			       .map((name) => `${counts[name]} ${name}`);
	const program = data("document").program;
	const ended = program.timed_out ? "ended by the time-out"
		      : program.signal	? `ended by signal ${program.signal}`
		       : program.exit_status !== null ? `exit status ${program.exit_status}`
						      : "";

	return [
		make("strong", null, found.join(", ") || "No findings"),
		...[...hidden, ended].filter(Boolean).map(
			(words) => make("span", null, ` \u00b7 ${words}`))
	];
}

function drawHeader()
{
	const program = data("document").program;

	document.title = `${plural(data("rows").length, "finding")} in ${
		visible(shortPlace(program.path))} \u2013 snarl`;
	const programs = new Set(data("document").processes.map((process) => process.path)).size;

	replace("program", make("span", null, program.path,
		programs > 1 && ` and ${plural(programs - 1, "other program")}`));
	replace("result", wordsOfResult());
	document.getElementById("result").className =
		data("document").result.failed ? "failed" : "passed";
	document.body.toggleAttribute("data-single", data("rows").length < 2);
	document.getElementById("to-locks").hidden = !data("graph").arrows.length;
}

function noFindings()
{
	return make("article", null, make("h2", {tabindex: "-1"}, "No findings"),
		make("p", null,
			"Nothing was found. What was observed, and what was not, stands under ",
			make("a", {href: "#run"}, "Run"), "."));
}

/* The finding of the address; without one the first of the list. */
function indexAt(name)
{
	const rows = data("rows");
	const index = rows.findIndex((row) => row.fingerprint === name);

	return index >= 0 ? index : rows.indexOf(list.rows[0]);
}

function show(view, name, ...children)
{
	document.body.dataset.view = view;
	for (const link of document.querySelectorAll("nav a"))
		link.toggleAttribute("aria-current", link.hash === `#${name}`);
	replace("detail", ...children);
}

function showFinding(name)
{
	const index = indexAt(name);
	const row = data("rows")[index];
	const isAsked = row && row.fingerprint === name;

	show(isAsked ? "finding" : "findings", "findings",
		make("p", {class: "back"}, make("a", {href: "#findings"}, "\u2190 All findings")),
		row ? drawFinding(findingAt(index), row) : noFindings());
	if (row)
		markRow(row.fingerprint);
}

function route(event)
{
	const name = location.hash.slice(1);

	if (name === "locks" && data("graph").arrows.length)
		show("locks", name, drawGraph());
	else if (name === "run")
		show("run", name, drawRun());
	else
		showFinding(name);
	window.scrollTo(0, 0);
	document.getElementById("detail").scrollTop = 0;
	if (event && !document.getElementById("rows").contains(document.activeElement))
		document.getElementById("detail").focus({preventScroll: true});
}

function printAll()
{
	const rows = data("rows");

	if (document.body.dataset.view !== "finding" && document.body.dataset.view !== "findings")
		return;
	replace("detail", list.rows.slice(0, PRINTED_MOST)
				  .map((row) => drawFinding(findingAt(rows.indexOf(row)), row)));
}

function pressKey(event)
{
	const search = field("search");

	if (event.key === "/" && search && event.target !== search && !event.ctrlKey &&
		!event.metaKey) {
		search.focus();
		event.preventDefault();
	}
}

startList();
drawHeader();
route();
window.addEventListener("hashchange", route);
window.addEventListener("beforeprint", printAll);
window.addEventListener("afterprint", () => route());
window.addEventListener("keydown", pressKey);
