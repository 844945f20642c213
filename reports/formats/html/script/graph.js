/* The lock-order graph: which parts of it are drawn, and what is said of a lock. */

const NODES_MOST = 150; /* that are drawn at once */
const graph = {
	unfolded: new Set(),
	chosen: null,
	words: ""
};

/* A node is a class of locks, or where its class is unfolded one lock. */
function nodeOf(lock)
{
	const [name, number] = data("graph").locks[lock];

	return graph.unfolded.has(number) ? {id: `l${lock}`, name, number, locks: 1} : {
		id: `c${number}`,
		name: data("graph").classes[number],
		number,
		locks: 0
	};
}

/* {nodes, arrows} of the whole graph: arrows between the same nodes are one. */
function collectGraph()
{
	const nodes = new Map();
	const arrows = new Map();
	const add = (lock) => {
		const node = nodeOf(lock);

		if (!nodes.has(node.id))
			nodes.set(node.id, {...node, from: [], to: []});
		return nodes.get(node.id);
	};

	data("graph").locks.forEach(
		(lock, i) => add(i).locks += graph.unfolded.has(lock[1]) ? 0 : 1);
	for (const [fromLock, toLock, place, finding] of data("graph").arrows) {
		const from = add(fromLock);
		const to = add(toLock);
		const key = `${from.id} ${to.id}`;
		const known = arrows.get(key);

		if (known) {
			known.count++;
			known.finding = known.finding || finding;
			continue;
		}
		const arrow = {from, to, place, finding, count: 1};

		arrows.set(key, arrow);
		from.finding = from.finding || (from === to && finding);
		from.to.push(arrow);
		to.from.push(arrow);
	}
	return {nodes: [...nodes.values() ], arrows: [...arrows.values() ]};
}

/* Numbers the strongly connected components (Tarjan, 1972), without recursion. */
function markComponents(nodes)
{
	const stack = [];
	let count = 0;
	let component = 0;

	for (const root of nodes) {
		const path = root.index === undefined ? [ {node: root, next: 0} ] : [];

		while (path.length) {
			const step = path[path.length - 1];
			const node = step.node;

			if (step.next === 0) {
				node.index = node.low = count++;
				node.isOpen = true;
				stack.push(node);
			}
			if (step.next < node.to.length) {
				const other = node.to[step.next++].to;

				if (other.index === undefined)
					path.push({node: other, next: 0});
				else if (other.isOpen)
					node.low = Math.min(node.low, other.index);
				continue;
			}
			path.pop();
			if (path.length)
				path[path.length - 1].node.low =
					Math.min(path[path.length - 1].node.low, node.low);
			if (node.low === node.index)
				closeComponent(stack, node, component++);
		}
	}
}

function closeComponent(stack, node, number)
{
	let other;

	do {
		other = stack.pop();
		other.isOpen = false;
		other.component = number;
	} while (other !== node);
}

function isInRing(arrow)
{
	return arrow.from !== arrow.to && arrow.from.component === arrow.to.component;
}

/* The nodes to draw: those asked for, else those of cycles first, and their neighbours. */
function chooseNodes(whole)
{
	const words = graph.words.toLowerCase().split(/\s+/).filter(Boolean);
	const seeds = words.length
			      ? whole.nodes.filter(
					(node) => words.every(
						(word) => node.name.toLowerCase().includes(word)))
			      : whole.arrows.filter((arrow) => arrow.finding || isInRing(arrow))
					.flatMap((arrow) => [arrow.from, arrow.to]);
	const chosen = new Set(seeds.slice(0, NODES_MOST * 4));
	const add = (node) => chosen.size < NODES_MOST && chosen.add(node);

	if (graph.chosen)
		whole.nodes.filter((node) => node.id === graph.chosen)
			.forEach((node) => chosen.add(node));
	for (const node of [...chosen])
		[...node.to.map((arrow) => arrow.to), ...node.from.map((arrow) => arrow.from)]
			.forEach(add);
	if (!words.length)
		whole.nodes.forEach(add);
	return new Set([...chosen ].slice(0, NODES_MOST));
}

function drawArrowList(title, arrows, end)
{
	return arrows.length > 0 && [
		make("h4", null, title),
		make("ul", {class: "plain"},
			arrows.slice(0, 50)
				.map((arrow) => make("li", null,
					     make("button", {
						     type: "button",
						     class: "link",
						     onclick: () => chooseNode(arrow[end].id)
					     },
						     arrow[end].name),
					     arrow.place &&
						     [
							     " at ", make("span", {class: "place"},
									     arrow.place)
						     ],
					     arrow.count > 1 && ` and ${arrow.count - 1} more`,
					     arrow.finding &&
						     [
							     " \u2013 ",
							     make("a", {href: `#${arrow.finding}`},
								     "finding")
						     ])),
			arrows.length > 50 &&
				make("li", {class: "faint"}, `and ${arrows.length - 50} more`))
	];
}

function toggleClass(number)
{
	if (!graph.unfolded.delete(number))
		graph.unfolded.add(number);
	graph.chosen = null;
	redrawGraph();
}

function drawChosen(node)
{
	const size = data("graph").locks.filter((lock) => lock[1] === node.number).length;

	return [
		make("h3", null, code(node.name)),
		size > 1 &&
			make("p", null, plural(size, "lock"), " of this class ",
				make("button",
					{type: "button", onclick: () => toggleClass(node.number)},
					graph.unfolded.has(node.number) ? "Fold" : "Unfold")),
		drawArrowList("While it is held, these are wanted", node.to, "to"),
		drawArrowList("Wanted while these are held", node.from, "from")
	];
}

function chooseNode(id)
{
	graph.chosen = id;
	redrawGraph();
	const node = document.querySelector("#graph .chosen");

	if (node)
		node.focus();
}

function redrawGraph()
{
	const whole = collectGraph();

	markComponents(whole.nodes);
	const shown = chooseNodes(whole);
	const chosen = whole.nodes.find((node) => node.id === graph.chosen);

	replace("graph", drawPlane(shown, whole.arrows));
	replace("graph-count", shown.size < whole.nodes.length &&
		make("span", null, `${shown.size} of ${whole.nodes.length} are drawn, `,
			"those of cycles first. Search for others."));
	replace("graph-chosen", chosen
		? drawChosen(chosen)
		: make("p", {class: "faint"}, "Choose a lock to see where its order was seen."));
}

function drawGraph()
{
	const search = (event) => {
		graph.words = event.target.value;
		redrawGraph();
	};

	requestAnimationFrame(redrawGraph);
	return make("article", null, make("h2", {tabindex: "-1"}, "Lock order"),
		make("p", null,
			"An arrow leads from a lock to each one wanted while it was held."),
		make("div", {class: "graph-tools"}, make("input", {
			type: "search",
			placeholder: "Search locks",
			"aria-label": "Search locks",
			value: graph.words,
			onchange: search
		}),
			make("button", {
				type: "button",
				"aria-label": "zoom in",
				onclick: () => zoomPlane(0.8)
			},
				"+"),
			make("button", {
				type: "button",
				"aria-label": "zoom out",
				onclick: () => zoomPlane(1.25)
			},
				"\u2212"),
			make("button", {type: "button", onclick: fitPlane}, "Fit")),
		make("p", {class: "legend"},
			make("span", {class: "key"}, make("span", {class: "line-key finding"}),
				"in a finding"),
			make("span", {class: "key"}, make("span", {class: "line-key ring"}),
				"in a ring without a finding"),
			make("span", {class: "key"}, make("span", {class: "line-key"}),
				"one way only")),
		make("p", {id: "graph-count", class: "faint"}), make("div", {id: "graph"}),
		make("div", {id: "graph-chosen", "aria-live": "polite"}));
}
