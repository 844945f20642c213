/* The drawing of a graph: layers from top to bottom, to be moved and zoomed. */

const LAYER_WIDTH = 1500; /* wider layers are broken */
const view = {
	x: 0,
	y: 0,
	width: 1,
	height: 1,
	whole: null
};

/* Ranks by the longest way from a node without an arrow into it; arrows back are left out. */
function rankNodes(nodes, arrowsOf)
{
	const order = [];
	const state = new Map();

	for (const root of nodes) {
		const path = state.has(root) ? [] : [ {node: root, next: 0} ];

		if (path.length)
			state.set(root, "open");
		while (path.length) {
			const step = path[path.length - 1];
			const arrow = arrowsOf(step.node)[step.next++];

			if (!arrow) {
				state.set(step.node, "done");
				order.unshift(step.node);
				path.pop();
			} else if (!state.has(arrow.to)) {
				state.set(arrow.to, "open");
				path.push({node: arrow.to, next: 0});
			}
		}
	}
	const place = new Map(order.map((node, i) => [node, i]));

	for (const node of order)
		node.rank = 0;
	for (const node of order)
		for (const arrow of arrowsOf(node))
			if (place.get(arrow.to) > place.get(node))
				arrow.to.rank = Math.max(arrow.to.rank, node.rank + 1);
}

/* Orders each layer by the middle of a node's neighbours, some times down and up. */
function orderLayers(layers, arrows)
{
	const neighbours = new Map(layers.flat().map((node) => [node, []]));

	for (const arrow of arrows) {
		neighbours.get(arrow.from).push(arrow.to);
		neighbours.get(arrow.to).push(arrow.from);
	}
	for (let round = 0; round < 6; round++)
		for (const layer of round % 2 ? [...layers ].reverse() : layers) {
			layer.forEach((node, i) => {
				const others = neighbours.get(node).filter(
					(other) => other.rank !== node.rank);

				node.middle =
					others.length
						? others.reduce((sum, other) => sum + other.at, 0) /
							  others.length
						: i;
			});
			layer.sort((a, b) => a.middle - b.middle);
			layer.forEach((node, i) => node.at = i - layer.length / 2);
		}
}

/* Breaks layers that are too wide. */
function breakLayers(layers)
{
	return layers.flatMap((layer) => {
		const rows = [ [] ];
		let width = 0;

		for (const node of layer) {
			if (width + node.width > LAYER_WIDTH && rows[rows.length - 1].length) {
				rows.push([]);
				width = 0;
			}
			rows[rows.length - 1].push(node);
			width += node.width + 30;
		}
		return rows;
	});
}

/* The parts of the graph that no arrow joins. */
function splitParts(nodes, arrows)
{
	const part = new Map([...nodes].map((node) => [node, [node]]));

	for (const {from, to} of arrows) {
		const both = [part.get(from), part.get(to)];
		const [small, large] = both.sort((a, b) => a.length - b.length);

		if (small === large)
			continue;
		for (const node of small) {
			large.push(node);
			part.set(node, large);
		}
	}
	return [...new Set(part.values())];
}

/* Places the nodes of a part round 0, from 0 downwards; returns its width and height. */
function layOutPart(nodes, arrows)
{
	const layers = [];
	const own = new Set(nodes);

	rankNodes(own, (node) => node.to.filter((arrow) => own.has(arrow.to) && arrow.to !== node));
	for (const node of nodes) {
		layers[node.rank] = layers[node.rank] || [];
		node.at = layers[node.rank].push(node);
	}
	orderLayers(layers, arrows.filter((arrow) => own.has(arrow.from)));
	const rows = breakLayers(layers);

	rows.forEach((row, i) => {
		let x = -row.reduce((sum, node) => sum + node.width + 30, -30) / 2;

		for (const node of row) {
			node.x = x + node.width / 2;
			node.y = i * 90;
			x += node.width + 30;
		}
	});
	const isRing = arrows.some((arrow) => own.has(arrow.to) && arrow.to.y <= arrow.from.y);

	return {
		width: Math.max(...nodes.map((node) => Math.abs(node.x) + node.width / 2)) * 2 +
			(isRing ? 160 : 0),
		height: rows.length * 90,
	};
}

/* Parts stand beside each other, in rows. */
function layOut(nodes, arrows)
{
	let x = 0;
	let y = 0;
	let tallest = 0;

	for (const node of nodes) {
		node.label = shorten(node.name, 34);
		node.label += node.locks > 1 ? ` \u00d7${node.locks}` : "";
		node.width = labelWidth(node.label);
		node.height = 30;
	}
	for (const part of splitParts(nodes, arrows).sort((a, b) => b.length - a.length)) {
		const size = layOutPart(part, arrows);

		if (x && x + size.width > LAYER_WIDTH) {
			x = 0;
			y += tallest;
			tallest = 0;
		}
		for (const node of part) {
			node.x += x + size.width / 2;
			node.y += y;
		}
		x += size.width + 60;
		tallest = Math.max(tallest, size.height);
	}
}

function drawArrow(arrow)
{
	const isBack = arrow.to.y <= arrow.from.y;
	const side = arrow.from.x <= arrow.to.x ? 1 : -1;
	const bend = isBack ? {x: side * (40 + (arrow.from.width + arrow.to.width) / 4), y: 0}
			    : {x: 0, y: 40};
	const from = isBack ? {x: arrow.from.x + side * arrow.from.width / 2, y: arrow.from.y}
			    : {x: arrow.from.x, y: arrow.from.y + 15};
	const to = isBack ? {x: arrow.to.x + side * (arrow.to.width / 2 + 4), y: arrow.to.y}
			  : {x: arrow.to.x, y: arrow.to.y - 19};
	const sort = arrow.finding ? "finding" : isInRing(arrow) ? "in-ring" : "";
	const path = draw("path", {
		class: `arrow ${sort}`,
		"marker-end": `url(#head-${
			arrow.finding	  ? "finding"
			: isInRing(arrow) ? "ring"
					  : "plain"})`,
		d: `M${from.x} ${from.y} C${from.x + bend.x} ${from.y + bend.y} ${to.x + bend.x} ${
			to.y - bend.y} ${to.x} ${to.y}`
	},
		draw("title", null,
			`${arrow.from.name} \u2192 ${arrow.to.name}${
				arrow.place ? `, ${arrow.place}` : ""}`));

	if (arrow.finding)
		path.addEventListener("click", () => location.hash = arrow.finding);
	return path;
}

function drawNode(node)
{
	const choose = () => chooseNode(node.id);
	const press = (event) => {
		if (event.key === "Enter" || event.key === " ") {
			event.preventDefault();
			choose();
		}
	};

	return draw("g", {
		class: `node${node.locks > 1 ? " class" : ""}${node.finding ? " finding" : ""}${
			node.id === graph.chosen ? " chosen" : ""}`,
		tabindex: "0",
		role: "button",
		"aria-label": node.name,
		onclick: choose,
		onkeydown: press
	},
		draw("title", null, node.name), node.locks > 1 && draw("rect", {
			x: node.x - node.width / 2 + 3,
			y: node.y - 12,
			width: node.width,
			height: 30,
			rx: 3
		}),
		draw("rect", {
			x: node.x - node.width / 2,
			y: node.y - 15,
			width: node.width,
			height: 30,
			rx: 3
		}),
		draw("text", {x: node.x, y: node.y + 4, "text-anchor": "middle"}, node.label));
}

function setView(x, y, width, height)
{
	Object.assign(view, {x, y, width, height});
	const picture = document.querySelector("#graph svg");

	if (picture)
		picture.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
}

function fitPlane()
{
	setView(...view.whole);
}

function zoomPlane(factor)
{
	setView(view.x + view.width * (1 - factor) / 2, view.y + view.height * (1 - factor) / 2,
		view.width * factor, view.height * factor);
}

function pressInPlane(event)
{
	const step = 0.1;
	const moves = {
		ArrowLeft: [ -step, 0 ],
		ArrowRight: [ step, 0 ],
		ArrowUp: [ 0, -step ],
		ArrowDown: [ 0, step ]
	};
	const zooms = {"+" : 0.8, "=" : 0.8, "-": 1.25};

	if (moves[event.key])
		setView(view.x + moves[event.key][0] * view.width,
			view.y + moves[event.key][1] * view.height, view.width, view.height);
	else if (zooms[event.key])
		zoomPlane(zooms[event.key]);
	else if (event.key === "0")
		fitPlane();
	else
		return;
	event.preventDefault();
}

/* One finger or the mouse moves the plane, two zoom it. */
function watchPointers(picture)
{
	const pointers = new Map();
	const spread = () => {
		const [a, b] = [...pointers.values() ];

		return Math.hypot(a.x - b.x, a.y - b.y) || 1;
	};

	picture.addEventListener("pointerdown",
		(event) => pointers.set(event.pointerId, {x: event.clientX, y: event.clientY}));
	for (const name of ["pointerup", "pointercancel", "pointerleave"])
		picture.addEventListener(name, (event) => pointers.delete(event.pointerId));
	picture.addEventListener("pointermove", (event) => {
		const last = pointers.get(event.pointerId);
		const scale = view.width / picture.clientWidth;

		if (!last)
			return;
		const before = pointers.size === 2 && spread();

		pointers.set(event.pointerId, {x: event.clientX, y: event.clientY});
		if (before)
			zoomPlane(before / spread());
		else
			setView(view.x - (event.clientX - last.x) * scale,
				view.y - (event.clientY - last.y) * scale, view.width, view.height);
	});
	picture.addEventListener("wheel", (event) => {
		if (!event.ctrlKey)
			return;
		zoomPlane(event.deltaY > 0 ? 1.1 : 0.9);
		event.preventDefault();
	}, {passive: false});
}

function drawPlane(nodes, arrows)
{
	const drawn = arrows.filter(
		(arrow) => nodes.has(arrow.from) && nodes.has(arrow.to) && arrow.from !== arrow.to);
	const picture = draw("svg", {
		tabindex: "0",
		role: "group",
		onkeydown: pressInPlane,
		"aria-label" :
			"The lock-order graph. Arrow keys move it, plus and minus zoom, 0 fits it."
	},
		draw("defs", null, [ "head-plain", "head-ring", "head-finding" ].map(arrowHead)));

	layOut(nodes, drawn);
	picture.append(...drawn.map(drawArrow), ...[...nodes].map(drawNode));
	const xs =
		[...nodes ].flatMap((node) => [node.x - node.width / 2, node.x + node.width / 2]);
	const ys = [...nodes ].map((node) => node.y);

	/* At most as large as text is. */
	const width = Math.max(Math.max(...xs) - Math.min(...xs) + 180,
		document.getElementById("detail").clientWidth);
	const height = Math.max(...ys) - Math.min(...ys) + 80;

	view.whole = [
		(Math.min(...xs) + Math.max(...xs) - width) / 2, Math.min(...ys) - 40, width, height
	];
	Object.assign(view, {x: view.whole[0], y: view.whole[1], width, height});
	picture.setAttribute("viewBox", view.whole.join(" "));
	watchPointers(picture);
	return picture;
}
