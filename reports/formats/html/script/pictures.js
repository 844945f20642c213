/* Pictures of a finding: who holds and who waits, over time; and the ring of a cycle. */

const THREADS_MOST = 6;

/* {thread, text, lock, does}: what a line of the scenario is about. */
function readStep(finding, line)
{
	const [, thread, text] = line.match(/^T(\d+) (.*)$/s) || [ null, "0", line ];
	const verbs = {
		acquires: "hold",
		holds: "hold",
		"waits for" : "wait",
		releases: "release",
		reads: "read",
		writes: "write",
		updates: "write"
	};
	const verb = Object.keys(verbs).find((one) => text.startsWith(`${one} `));
	const rest = verb ? text.slice(verb.length + 1) : "";
	const lock = finding.locks.find(
		(one) => rest === one.name || rest.startsWith(`${one.name} for `));

	return {thread: Number(thread), text, lock: lock && lock.id, does: verb && verbs[verb]};
}

/* Bars beside the steps of a thread: from a step to where it ends. */
function barsOf(steps)
{
	const bars = [];

	steps.forEach((step, start) => {
		const later = (ends) => {
			const found = steps.findIndex((other, i) => i > start &&
								    other.thread === step.thread &&
								    ends(other));

			return found < 0 ? null : found;
		};

		if (step.does === "hold" && step.lock) {
			const end = later(
				(other) => other.lock === step.lock && other.does === "release");

			bars.push({
				thread: step.thread,
				does: "hold",
				lock: step.lock,
				start,
				end: end === null ? steps.length : end + 1
			});
		} else if (step.does === "wait") {
			const end =
				later((other) => other.lock === step.lock && other.does === "hold");

			bars.push({
				thread: step.thread,
				does: "wait",
				lock: step.lock,
				start,
				end: end === null ? steps.length : end
			});
		} else if (step.does === "read") {
			const end = later((other) => other.does === "write");

			if (end !== null)
				bars.push({
					thread: step.thread,
					does: "stale",
					start,
					end: end + 1
				});
		}
	});
	return bars;
}

/* Each bar gets a lane that is free for as long as it lasts. */
function placeBars(bars)
{
	const lanes = [];

	for (const bar of bars) {
		bar.lane = lanes.findIndex((end) => end <= bar.start);
		if (bar.lane < 0)
			bar.lane = lanes.push(0) - 1;
		lanes[bar.lane] = bar.end;
	}
	return lanes.length;
}

function at(element, row, rows, column)
{
	element.style.gridRow = `${row} / span ${rows}`;
	element.style.gridColumn = column;
	return element;
}

function barTitle(finding, bar)
{
	const words = {
		hold: "holds",
		wait: "waits for",
		stale: "between its read and its write"
	};

	return bar.lock ? `${words[bar.does]} ${lockName(finding, bar.lock)}` : words[bar.does];
}

function drawScenario(finding)
{
	const steps = finding.scenario.map((line) => readStep(finding, line));
	const threads = [...new Set(steps.map((step) => step.thread)) ];
	const bars = barsOf(steps);
	const picture = make("div", {
		class: "scenario",
		role: "img",
		"aria-label": `In this order: ${finding.scenario.join("; ")}${
			finding.closing ? `; ${finding.closing}` : ""}`
	});
	const columns = [];

	if (!steps.length)
		return null;
	if (threads.length > THREADS_MOST)
		return make("ol", null, finding.scenario.map((line) => make("li", null, line)));
	for (const thread of threads) {
		const own = bars.filter((bar) => bar.thread === thread);
		const count = Math.max(placeBars(own), 1);
		const first = columns.length + 1;

		for (let i = 0; i < count; i++)
			columns.push("0.75rem");
		columns.push(threads.length > 3 ? "minmax(8rem, 1fr)" : "minmax(4.5rem, 1fr)");
		picture.append(at(make("strong", null, threadName(finding, thread)), 1, 1,
				       `${first} / span ${count + 1}`),
			at(make("span", {class: "life"}), 2, steps.length, first));
		for (const bar of own)
			picture.append(at(make("span", {
				class: `bar ${bar.does}`,
				title: barTitle(finding, bar)
			}),
				bar.start + 2, bar.end - bar.start, first + bar.lane));
		steps.forEach((step, i) => step.thread === thread &&
					   picture.append(at(
						   make("span", {class: `step ${step.does || ""}`},
							   breakable(step.text)),
						   i + 2, 1, first + count)));
	}
	picture.style.gridTemplateColumns = columns.join(" ");
	return make("figure", null, picture,
		make("figcaption", null,
			finding.closing && make("strong", {class: "closing"}, finding.closing),
			drawLegend(bars)));
}

function drawLegend(bars)
{
	const words = {
		hold: "holds a lock",
		wait: "waits",
		stale: "between its read and its write"
	};

	return Object.keys(words)
		.filter((does) => bars.some((bar) => bar.does === does))
		.map((does) => make("span", {class: "key"}, make("span", {class: `bar ${does}`}),
			     words[does]));
}

/* --- The ring ------------------------------------------------------------------ */

/* [{name, sort}] round the cycle: each thread, then the lock that it waits for; or null. */
function ringOf(finding)
{
	const waits = new Map();
	const holders = new Map();
	const ring = [];

	for (const event of finding.events) {
		if (event.action === "wait")
			waits.set(event.thread, event);
		else if ([ "acquire", "hold" ].includes(event.action) && event.lock)
			holders.set(event.lock, event.thread);
	}
	const start = finding.events[0] && finding.events[0].thread;
	let thread = start;

	do {
		const wait = waits.get(thread);

		if (!wait)
			return null;
		ring.push({sort: "thread", name: threadName(finding, thread)});
		if (wait.lock)
			ring.push({sort: "lock", name: lockName(finding, wait.lock)});
		thread = wait.lock ? holders.get(wait.lock) : wait.target;
		waits.delete(wait.thread);
	} while (thread !== start && ring.length < 64);
	return thread === start && ring.length > 2 ? ring : null;
}

function labelWidth(text)
{
	return text.length * 8 + 26;
}

/* Where the line from the middle of @from leaves the box of @to. */
function borderPoint(from, to)
{
	const x = from.x - to.x;
	const y = from.y - to.y;
	const scale = Math.min((to.width / 2 + 5) / Math.abs(x || 1e-9),
		(to.height / 2 + 5) / Math.abs(y || 1e-9), 1);

	return {x: to.x + x * scale, y: to.y + y * scale};
}

function arrowHead(id)
{
	return draw("marker", {
		id,
		viewBox: "0 0 8 8",
		refX: 7,
		refY: 4,
		markerWidth: 11,
		markerHeight: 11,
		markerUnits: "userSpaceOnUse",
		orient: "auto-start-reverse"
	},
		draw("path", {d: "M0 0 8 4 0 8z"}));
}

function drawRing(finding)
{
	const ring = ringOf(finding);

	if (!ring)
		return null;
	const nodes = ring.map((node) => ({...node, label: shorten(node.name, 26), height: 30}));
	const widest = Math.max(...nodes.map((node) => labelWidth(node.label)));
	const radiusX = Math.max(120, nodes.length * 26, widest * 0.62);
	const radiusY = Math.max(110, nodes.length * 26);
	const width = radiusX * 2 + widest + 20;
	const height = radiusY * 2 + 60;
	const picture = draw("svg", {
		viewBox: `0 0 ${width} ${height}`,
		class: "ring",
		role: "img",
		"aria-label": `A ring: ${ring.map((node) => node.name).join(" \u2192 ")} \u2192 ${
			ring[0].name}`
	},
		draw("defs", null, arrowHead("ring-head")));

	nodes.forEach((node, i) => {
		const angle = 2 * Math.PI * i / nodes.length - Math.PI / 2;

		node.x = width / 2 + radiusX * Math.cos(angle);
		node.y = height / 2 + radiusY * Math.sin(angle);
		node.width = labelWidth(node.label);
	});
	nodes.forEach((node, i) => {
		const next = nodes[(i + 1) % nodes.length];
		const start = borderPoint(next, node);
		const end = borderPoint(node, next);

		picture.append(draw("path", {
			class: node.sort === "thread" ? "waits" : "held",
			"marker-end": "url(#ring-head)",
			d: `M${start.x} ${start.y} L${end.x} ${end.y}`
		}));
		if (Math.hypot(start.x - end.x, start.y - end.y) > 75)
			picture.append(draw("text", {
				class: "edge-label",
				x: (start.x + end.x) / 2 + 4,
				y: (start.y + end.y) / 2 - 5
			},
				node.sort === "thread" ? "waits for" : "held by"));
	});
	for (const node of nodes)
		picture.append(draw("g", {class: node.sort}, draw("title", null, node.name),
			draw("rect", {
				x: node.x - node.width / 2,
				y: node.y - 15,
				width: node.width,
				height: 30,
				rx: node.sort === "thread" ? 15 : 3
			}),
			draw("text", {x: node.x, y: node.y + 4, "text-anchor": "middle"},
				node.label)));
	return make("figure", null, picture);
}
