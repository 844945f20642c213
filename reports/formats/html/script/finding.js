/* A finding: what happened, thread by thread. */

const AROUND = 2; /* lines of source before and behind the one that is meant */

function placePath(frame)
{
	return frame.line ? frame.place.slice(0, frame.place.lastIndexOf(":")) : "";
}

/* The line with its column marked. */
function markColumn(text, column)
{
	const at = column - 1;
	const length = (text.slice(at).match(/^(\w+|[^\s\w()[\]{};,]+|\S)/) || [ "" ])[0].length;

	if (!column || !length)
		return [ text ];
	return [
		text.slice(0, at), make("mark", null, text.slice(at, at + length)),
		text.slice(at + length)
	];
}

function indentOf(texts)
{
	const indents = texts.filter((text) => text.trim()).map((text) => text.match(/^\s*/)[0]);

	return indents.reduce(
		(least, one) => one.length < least.length ? one : least, indents[0] || "");
}

function drawSource(frame)
{
	const lines = frame && frame.line && sourceOf(placePath(frame));
	const numbers = [];

	if (!lines || lines[frame.line] === undefined)
		return null;
	for (let line = frame.line - AROUND; line <= frame.line + AROUND; line++)
		if (lines[line] !== undefined)
			numbers.push(line);
	const indent = indentOf(numbers.map((line) => lines[line])).length;
	return make("pre",
		{class: "source", tabindex: "0", "aria-label": `source of ${frame.place}`},
		numbers.map(
			(line) => make("span", {class: line === frame.line ? "line at" : "line"},
				make("span", {class: "number"}, line),
				make("span", {class: "text"},
					line === frame.line
						? markColumn(lines[line].slice(indent),
							  frame.column && frame.column - indent)
						: lines[line].slice(indent)))));
}

function drawFrame(frame)
{
	return make("li", {class: frame.library ? "library" : "own"},
		make("code", {class: "function"}, frame.function || "(no name)"), " ",
		make("span", {class: "place"}, frame.place, frame.inlined && " (inlined)"));
}

/* Frames of libraries in a row are folded. */
function drawFrames(frames)
{
	const parts = [];

	for (let i = 0; i < frames.length;) {
		let end = i;

		while (end < frames.length && (frames[end].library || frames[end].startup))
			end++;
		if (end > i)
			parts.push(make("li", {class: "folded"},
				make("details", null,
					make("summary", null, plural(end - i, "frame"),
						" in libraries"),
					make("ol", null, frames.slice(i, end).map(drawFrame)))));
		else
			parts.push(drawFrame(frames[end++]));
		i = end;
	}
	return make("ol", {class: "stack"}, parts);
}

function siteOf(stack)
{
	return stack.find((frame) => !frame.library && !frame.startup) || stack[0];
}

function drawStack(stack)
{
	if (!stack.length)
		return make("p", {class: "faint"}, "The stack was not recorded.");
	return [ drawSource(siteOf(stack)), drawFrames(stack) ];
}

function drawHolds(finding, event, shown)
{
	const holds = event.held.filter((hold) => !shown.has(hold.lock));

	return holds.map((hold) => make("details", {class: "hold"},
				 make("summary", null, "while it held ",
					 code(hold.lock ? lockName(finding, hold.lock)
							: "a lock that has ended"),
					 hold.shared && " for reading"),
				 drawStack(hold.stack)));
}

function drawEvent(finding, event)
{
	const shown = new Set(
		finding.events
			.filter((other) => other !== event && other.thread === event.thread &&
					   other.action !== "wait")
			.map((other) => other.lock));

	return make("div", {class: "event"}, make("p", {class: "what"}, event.text),
		event.stack.length > 0 && drawStack(event.stack), drawHolds(finding, event, shown));
}

function drawCreation(finding, thread)
{
	const site = thread.created && siteOf(thread.created.stack);

	if (!thread.created)
		return null;
	return make("details", {class: "created"},
		make("summary", null, `created by ${threadName(finding, thread.created.thread)}`,
			site && [ " at ", make("span", {class: "place"}, site.place) ]),
		drawStack(thread.created.stack));
}

/* Allocations stand with the memory. */
function isAside(finding, event)
{
	return event.action === "allocate" ||
	       (event.action === "free" && finding.memory && finding.memory.block &&
		       finding.events.filter((other) => ["read", "write", "update"].includes(
						     other.action))
				       .length > 1);
}

function drawThreads(finding)
{
	const events = finding.events.filter((event) => !isAside(finding, event));
	const ids = [...new Set(events.map((event) => event.thread)) ];

	return make("div", {class: "threads"},
		ids.map((id) => make("section", {class: "thread"},
				make("h4", null, threadName(finding, id)),
				events.filter((event) => event.thread === id)
					.map((event) => drawEvent(finding, event)),
				drawCreation(finding,
					finding.threads.find((thread) => thread.id === id) ||
						{}))));
}

function drawBlockEvent(finding, event, what)
{
	return event && make("details", null,
				make("summary", null, what,
					event.thread && ` by ${threadName(finding, event.thread)}`),
				drawStack(event.stack));
}

/* Its type, or what it is of a container. */
function typeParts(memory)
{
	if (memory.member)
		return [", ", code(memory.container), ` (${memory.member})`];
	return memory.type ? [", ", code(memory.type)] : [];
}

function drawMemory(finding)
{
	const memory = finding.memory;
	const kinds = {
		global: "global or static data",
		heap: "in a heap block",
		stack: "on the stack of ",
		mapped: "in no module, known heap block or stack",
	};

	if (!memory)
		return null;
	return section("Memory",
		make("p", null, code(memory.name), ...typeParts(memory),
			`, ${plural(memory.size, "byte")}, ${kinds[memory.kind]}`,
			memory.kind === "stack" && memory.thread &&
				threadName(finding, memory.thread),
			memory.declared &&
				[
					", declared at ",
					make("span", {class: "place"},
						`${memory.declared.file}:${memory.declared.line}`)
				]),
		memory.field &&
			make("p", null, code(memory.field.name),
				` at offset ${memory.field.offset} of `, code(memory.field.of)),
		memory.block && [
			make("p", null,
				memory.block.size ? `Offset ${memory.block.offset} of a block of ${
							    plural(memory.block.size, "byte")}`
						  : null),
			drawBlockEvent(finding, memory.block.allocated, "allocated"),
			drawBlockEvent(finding, memory.block.freed, "freed")
		]);
}

function drawLock(lock)
{
	const first = lock.first_used && siteOf(lock.first_used.stack);
	const created = lock.created && siteOf(lock.created.stack);

	return make("li", null, code(lock.name), ` ${lock.kind || "lock"}`,
		created && [ ", created at ", make("span", {class: "place"}, created.place) ],
		first && [ ", first used at ", make("span", {class: "place"}, first.place) ],
		created && drawSource(created));
}

function drawOther(other)
{
	const open = (event) => event.target.open && event.target.childElementCount === 1 &&
				event.target.append(make("div", null, drawThreads(other)));

	return make("li", null,
		make("details", {ontoggle: open},
			make("summary", null, make("span", {class: "kind"}, other.kind),
				` ${other.summary}`)));
}

function drawHead(finding, row)
{
	return [
		make("p", {class: "eyebrow"},
			make("span", {class: `severity ${finding.severity}`}, finding.severity),
			make("span", {class: "kind"}, finding.kind),
			finding.count > 1 &&
				make("span", null, `${finding.count.toLocaleString("en")} times`),
			finding.process_count > 1 &&
				make("span", null, `in ${finding.process_count} processes`),
			row.state !== "counted" && make("span", null, row.state),
			make("a", {
				href: `#${finding.fingerprint}`,
				class: "permanent",
				title: "permanent link"
			},
				finding.fingerprint)),
		make("h2", {tabindex: "-1"}, finding.summary),
		row.place && make("p", {class: "place"}, row.place),
		finding.suppression &&
			make("p", {class: "faint"},
				`Suppressed by ${finding.suppression.file}:${
					finding.suppression.line}`,
				finding.suppression.reason && `: ${finding.suppression.reason}`),
	];
}

function drawFinding(finding, row)
{
	const isWide = finding.threads.length > 4;
	const pictures = [ drawScenario(finding), drawRing(finding) ].filter(Boolean);

	return make("article", null, drawHead(finding, row),
		pictures.length > 0 &&
			section(finding.possible ? "How it can happen" : "How it happened",
				make("div", {class: `pictures${isWide ? " wide" : ""}`}, pictures)),
		finding.advice && section("To fix", make("p", null, finding.advice)),
		section(finding.events.length > 1 ? "Threads" : "Thread", drawThreads(finding)),
		drawMemory(finding),
		finding.locks.length > 0 && section("Locks", make("ul", {class: "plain"},
								     finding.locks.map(drawLock))),
		finding.others.length > 0 &&
			section("Also",
				make("ul", {class: "plain"}, finding.others.map(drawOther))),
		finding.notes.length > 0 &&
			section("Notes", finding.notes.map((note) => make("p", null, note))));
}
