/* The run: what was observed, what was lost, what threads were blocked on. */

function table(head, rows)
{
	return make("table", null,
		make("thead", null,
			make("tr", null, head.map((text) => make("th", {scope: "col"}, text)))),
		make("tbody", null,
			rows.map((row) => make(
					 "tr", null, row.map((cell) => make("td", null, cell))))));
}

function drawLosses()
{
	const lost = data("counters").filter((counter) => counter.lost && counter.count);

	return section(
		"Lost", lost.length ? table([ "What", "How often", "What it means" ],
					      lost.map((counter) => [counter.text,
							       counter.count.toLocaleString("en"),
							       counter.meaning]))
				    : make("p", null, "Nothing was lost."));
}

function drawCoverage()
{
	return section(
		"Observed", table([ "What", "How many" ],
				    data("counters")
					    .filter((counter) => !counter.lost)
					    .map((counter) => [counter.text,
							 counter.count.toLocaleString("en")])));
}

function drawState(state)
{
	return make("section", {class: "thread"},
		make("h4", null,
			`${state.id ? `T${state.id}` : "A thread"}${
				state.name ? ` (${state.name})` : ""}`),
		make("p", {class: "what"}, state.state, state.lock && [ " of ", code(state.lock) ],
			state.holder && `, held by T${state.holder}`),
		drawStack(state.stack));
}

function drawStates()
{
	return data("document")
		.processes.filter((process) => process.threads)
		.map((process) => section(`Threads of process ${process.pid}`,
			     make("div", {class: "threads"}, process.threads.map(drawState))));
}

function drawProcesses()
{
	const processes = data("document").processes;

	return section(processes.length === 1 ? "Process" : "Processes",
		table([ "Process", "Program", "Started", "Ended" ],
			processes.map(
				(process) => [process.pid, code(process.path),
					process.parent
						? `${process.forked ? "by fork" : "by exec"} from ${
							  processes[process.parent - 1].pid}`
						: "",
					process.timed_out ? "by the time-out"
					: process.ended	  ? "yes"
							  : "not seen"])));
}

function drawUnobserved()
{
	const children = data("document").unobserved;

	return children.length > 0 &&
	       section("Not observed",
		       table([ "Program", "Why" ],
			       children.map((child) => [code(child.path), child.reason])));
}

function drawRun()
{
	const messages = data("document").messages;

	return make("article", null, make("h2", {tabindex: "-1"}, "The run"),
		make("p", null,
			code(data("document").program.arguments.join(" ") ||
				data("document").program.path)),
		messages.length > 0 &&
			section("Messages", messages.map((message) => make("p", null, message))),
		drawStates(), drawLosses(), drawUnobserved(), drawProcesses(), drawCoverage());
}
